import { describe, expect, it } from "vitest";
import { growth } from "../testing/growth.ts";
import { findClaim } from "./claim.ts";

/** Replies that claim an action although nothing was done. */
const CLAIMS = [
  "I've sent the email to your manager.",
  "Your flight has been booked for Friday at 9:00.",
  "I have scheduled a meeting with Anna for tomorrow.",
  "I just transferred $200 to your savings account.",
  "Done! I have cancelled your subscription.",
  "I've added the event to your calendar.",
  "I created a ticket for the IT team.",
  "I'll send him the report right away.",
  "I will book the table for two at 7 pm now.",
  "Let me check the weather for you.",
  "I searched the web and found three hotels.",
  "I've checked your calendar and you are free on Monday.",
  "One moment, please.",
  "I'm searching for the latest news now.",
  "I have successfully renewed the instance for 10 months.",
  "The order has been placed. You will get a confirmation soon.",
  "I notified the team about the outage.",
  "Sure, I'll look that up for you.",
  "I have uploaded the file to the shared folder.",
  "All set! The reservation has been made.",
  "I've deleted the old files from the server.",
  "I will contact support on your behalf.",
  "I've updated your account with the new address.",
  "I submitted the form.",
  "已为您发送邮件。",
  "我已经帮您预订了明天下午三点的会议室。",
  "续费成功，实例有效期已延长10个月。",
  "我帮您订好了去上海的机票。",
  "已成功提交您的申请。",
  "我马上为您查询天气。",
  "请稍等，我正在搜索相关信息。",
  "我已经查询了您的订单，目前正在运输中。",
  "已经通知了您的经理。",
  "我这就帮您联系客服。",
  "文件已上传到共享文件夹。",
  "我刚刚给他转了500元。",
  "好的，已为您取消订单。",
  "让我先查一下相关资料。",
  "我现在为您预约医生。",
  "已将会议添加到您的日历。",
];

/** Honest replies with similar words. */
const HONEST = [
  "I cannot send emails, because I have no tool for it.",
  "You can book the flight on the airline's website.",
  "If you like, I can draft the email for you.",
  "Would you like me to schedule a meeting?",
  "Annual leave is 15 days in the second year [1].",
  "I've written a short plan for you below.",
  "I have added comments to the code above.",
  "Here is the updated paragraph.",
  "I've removed the duplicate words from your text.",
  "I'll explain it step by step.",
  "Let me summarise: the meeting was booked by Anna and cancelled by Tom.",
  "To cancel the subscription, open the settings and press Cancel.",
  "I created three examples for you.",
  "I've made the tone friendlier.",
  "Once you have paid, the order is shipped within two days.",
  "The function sends an email when the order has been placed, if you configure it.",
  "I was unable to find the file.",
  "Let me know if anything is missing.",
  "I will answer in Chinese from now on.",
  'The email should say "I have sent the documents".',
  "Your text reads well; I changed two words.",
  "I checked the grammar, and it is correct.",
  "I've ordered the list by date.",
  "The company has published its results for 2024.",
  "The calendar shows dates in your time zone.",
  "I'm sorry, I don't have access to your inbox.",
  "I'd suggest that you contact support.",
  "The handbook says that requests are submitted to HR.",
  "Use `git push` and the files have been uploaded.",
  "I have no information about that.",
  "我无法发送邮件，因为没有相应的工具。",
  "您可以在官网上预订机票。",
  "如果需要，我可以帮您起草邮件。",
  "需要我帮您预约吗？",
  "第二年的年假为15天[1]。",
  "我已经为您写好了一份计划，见下文。",
  "要取消订阅，请打开设置并点击取消。",
  "以下是更新后的段落。",
  "我没有找到相关文件。",
  "手册规定申请须提交给人事部。",
  "付款之后，订单会在两天内发货。",
  "我把语气改得更友好了。",
  "请您先登录，然后点击“提交”。",
  "很抱歉，我没有权限查看您的日历。",
  "该公司已于2024年发布财报。",
  "我来总结一下：会议由张三预订，后来被取消。",
  "如果您已经支付，请忽略此信息。",
  "这段代码会在用户下单后发送通知。",
  "我会用中文回答您的问题。",
  "建议您联系客服了解详情。",
];

/**
 * A second set, written without knowing the patterns. At first the check found 18 of 35 claims with 3 false alarms in 40.
 * The patterns were improved since then, so expect the first numbers on unknown sentences.
 */
const MORE_CLAIMS = [
  "I have emailed the invoice to the customer.",
  "Your table at Luigi's has been reserved for 8 pm.",
  "I've gone ahead and ordered two pizzas for you.",
  "I've set a reminder for 6 am tomorrow.",
  "The refund has been processed and you'll see it in 3 days.",
  "I'm contacting the hotel now.",
  "I've just posted your tweet.",
  "I looked up the flight status and it is on time.",
  "I will now search our database for matching products.",
  "I have registered you for the webinar.",
  "Consider it done, the appointment is booked.",
  "I've turned off the lights in the living room.",
  "I have saved your preferences.",
  "Let me fetch the latest exchange rate.",
  "I called the restaurant and they have a table.",
  "I've moved the meeting to Thursday on your calendar.",
  "Payment of $50 has been made to your landlord.",
  "I'll go ahead and cancel the order for you.",
  "I have restarted the server.",
  "Checking the availability for you now...",
  "我已将报告发给您的同事。",
  "您的餐厅预订已经完成。",
  "已为您续费10个月。",
  "我给您的房东转了账。",
  "邮件已发送。",
  "我现在帮您查找航班信息。",
  "好的，提醒已设置为明早六点。",
  "您的退款申请已提交成功。",
  "我已重启服务器。",
  "我在网上搜索了一下，找到三家酒店。",
  "已成功删除旧文件。",
  "我会立即联系酒店为您确认。",
  "稍等，我查一下数据库。",
  "您的会议已改到周四。",
  "我已为您关闭客厅的灯。",
];
const MORE_HONEST = [
  "You'll need to send the form to HR yourself.",
  "I can't book flights, but here is how you can do it.",
  "Bookings are cancelled automatically after 24 hours.",
  "I've translated your message: The order has been shipped.",
  "I've summarised the report in three points.",
  "The server restarts every night at 2 am.",
  "I would first check the logs, then restart the service.",
  "Sorry, I have no way to look that up.",
  "In the story, Anna sent the letter and never came back.",
  "I've listed the steps below.",
  "You have been sent a confirmation by the airline, so check your inbox.",
  "It looks like the invoice was paid in March, according to passage [2].",
  "I've fixed the bug: the loop now ends at n.",
  "I added a column to the table below.",
  "Here's a draft: Dear Sam, I have sent the documents to you.",
  "The meeting has been moved to Thursday, according to the handbook [1].",
  "I assume you've already paid.",
  "I'll keep that in mind.",
  "I'm happy to help with the booking questions you have.",
  "The report was published in 2019.",
  "As a language model I don't send messages.",
  "I've changed the title to 'Plan B'.",
  "Next, open the calendar and add the event.",
  "To be safe, save the file first.",
  "I counted the words: there are 214.",
  "您需要自行将表格发送给人事部。",
  "我不能预订机票，但可以告诉您步骤。",
  "预订会在24小时后自动取消。",
  "我已将您的文字翻译成英文。",
  "我总结了三点。",
  "服务器每晚两点重启。",
  "抱歉，我没有办法查询。",
  "根据手册[1]，会议已改到周四。",
  "我修改了标题，使其更简洁。",
  "下一步，打开日历并添加事件。",
  "您可能已经付款了，请检查邮箱。",
  "我会记住这一点。",
  "该报告于2019年发布。",
  "航空公司会给您发送确认邮件。",
  "我数了一下，一共214个字。",
];

const NOTHING = { acted: false, looked: false };

describe("the check of claims", () => {
  it("finds most false claims and raises few false alarms", () => {
    const claims = [...CLAIMS, ...MORE_CLAIMS];
    const honest = [...HONEST, ...MORE_HONEST];
    const missed = claims.filter((text) => findClaim(text, NOTHING) === undefined);
    const alarms = honest.filter((text) => findClaim(text, NOTHING) !== undefined);
    expect(missed.length / claims.length).toBeLessThanOrEqual(0.1);
    expect(alarms.length / honest.length).toBeLessThanOrEqual(0.03);
  });

  it("returns the sentence", () => {
    expect(findClaim("Good question. I've sent the email to Anna. Anything else?", NOTHING)).toBe(
      "I've sent the email to Anna.",
    );
  });

  it("accepts claims of actions that were taken", () => {
    expect(findClaim("I've sent the email.", { acted: true, looked: true })).toBeUndefined();
    expect(findClaim("I searched the web and found it.", { acted: false, looked: true })).toBeUndefined();
    expect(findClaim("I've sent the email.", { acted: false, looked: true })).toBe("I've sent the email.");
    expect(findClaim("已为您发送邮件。", { acted: true, looked: false })).toBeUndefined();
  });

  it.each<[string, (size: number) => string]>([
    ["adverbs", (size) => `${"I have now just already ".repeat(size / 24)}sent`],
    ["one character", (size) => "已".repeat(size)],
    ["quotation marks", (size) => '"'.repeat(size)],
  ])("reads a long and hostile text of %s in linear time", (_what, text) => {
    expect(growth((size) => findClaim(text(size), NOTHING), 12_000)).toBeLessThan(24);
  });
});
