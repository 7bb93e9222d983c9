import { describe, expect, test } from "vitest";
import { encode } from "../../testing/encode.ts";
import { decodeText } from "./decode.ts";
import { parserFor } from "./index.ts";

/** Texts as offices save them: tables, lines of a menu, single words. */
const TEXTS: Record<string, string[]> = {
  "windows-1252": [
    "Name;Ort;Straße Nr\nMüller;Köln;12\nGroßmann;Düsseldorf;7\n",
    "Crème brûlée coûte 7 euros",
    "L’été à l’hôtel – 20 €",
    "¿Cómo está? El niño pequeño",
    "Não há opções em São Paulo",
    "È già così, perché la città",
    "Blåbærsyltetøy på Åse Øyens bord",
    "Smörgåsbord; Hyvää päivää",
    "Reykjavík þjóð",
    "ÖFFNUNGSZEITEN",
    "Grüße aus Köln",
    "5 € pro Stück",
    "Café",
    "Straße",
  ],
  gb18030: [
    "姓名,城市,电话\n张三,北京,13800000000\n李四,上海,13900000000",
    "员工每年享有十五天带薪年假。",
    "你好，世界",
    "hello 世界",
    "红烧肉 38元\n清蒸鱼 58元",
    "产品A 价格100元",
    "深圳市南山区科技园",
    "联通",
    "地址",
  ],
  big5: [
    "姓名,城市,電話\n王小明,臺北,0912",
    "員工每年享有十五天帶薪年假。",
    "您好，世界",
    "香港特別行政區政府",
    "公司簡介",
  ],
  shift_jis: [
    "氏名,住所\n田中太郎,大阪市",
    "これは日本語の文章です。",
    "商品名：りんご 価格：100円",
    "ﾃｽﾄﾃﾞｰﾀ",
    "東京都新宿区",
    "カタカナ",
  ],
  "euc-jp": ["お問い合わせはこちら", "東京都の天気予報です", "カタカナとひらがな"],
  "euc-kr": [
    "이름,주소,전화\n김철수,서울,010",
    "직원은 매년 15일의 유급 휴가를 받습니다.",
    "안녕하세요",
    "회사 소개",
    "가격: 100원",
  ],
  "windows-1251": [
    "Имя;Город;Телефон\nИванов;Москва;495",
    "Сотрудники получают пятнадцать дней отпуска в год.",
    "Київ, вулиця Хрещатик",
    "Здравейте, как сте?",
    "СПИСОК ТОВАРОВ",
    "Привет, мир",
    "Договор №5",
  ],
  "koi8-r": ["Сотрудники получают пятнадцать дней отпуска в год.", "Имя;Город;Телефон\nИванов;Москва;495"],
  "windows-1250": [
    "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "Proszę podać imię i nazwisko",
    "Árvíztűrő tükörfúrógép",
    "Gdańsk;Łódź;Wrocław",
  ],
  "windows-1253": ["Οι υπάλληλοι δικαιούνται δεκαπέντε ημέρες άδειας", "Καλημέρα κόσμε"],
  "windows-1254": ["Çalışanlar yılda on beş gün izin alır", "Müşteri adı;Şehir"],
  "windows-1255": ["העובדים זכאים לחמישה עשר ימי חופשה"],
  "windows-1256": ["يحق للموظف خمسة عشر يوما من الإجازة"],
  "windows-874": ["พนักงานมีวันลาพักร้อนสิบห้าวัน"],
};

describe("a text in an old encoding", () => {
  test.each(Object.entries(TEXTS).flatMap(([encoding, texts]) => texts.map((text) => [encoding, text] as const)))(
    "%s: %s",
    (encoding, text) => expect(decodeText(encode(text, encoding), "a.txt").text).toBe(text),
  );

  test("is certain when it is long, and said to be a guess when it is not", () => {
    const long = TEXTS["windows-1252"]![0]!;
    expect(decodeText(encode(long, "windows-1252"), "a.csv")).toEqual({ text: long });
    expect(decodeText(encode("à", "windows-1252"), "a.txt").warning).toMatch(/guess/);
  });

  test("is found far into a large file", () => {
    const text = `${"plain words\n".repeat(20_000)}Müller, Köln, Straße\n`;
    expect(decodeText(encode(text, "windows-1252"), "a.txt").text).toBe(text);
  });
});

describe("a declared encoding is believed", () => {
  const page = (head: string) =>
    `<html><head>${head}<title>Öffnungszeiten</title></head><body><p>Müller</p></body></html>`;
  test.each([
    ["windows-1252", '<meta charset="windows-1252">'],
    ["iso-8859-2", "<meta http-equiv='Content-Type' content='text/html; charset=ISO-8859-2'>"],
    ["macintosh", "<META CHARSET=macintosh>"],
  ])("%s in a page", (encoding, head) => {
    const { title, text, warning } = parserFor("a.html").parse(encode(page(head), encoding), "a.html");
    expect({ title, text, warning }).toEqual({ title: "Öffnungszeiten", text: "Müller" });
  });

  test("in an XML declaration, in a mark, by what brought the bytes; in this order before a page's own", () => {
    const xml = (label: string) => `<?xml version="1.0" encoding="${label}"?><a>Łódź</a>`;
    expect(decodeText(encode(xml("iso-8859-2"), "iso-8859-2"), "a.xml").text).toContain("Łódź");
    const wide = Buffer.from(xml("UTF-16"), "utf16le");
    expect(decodeText(wide, "a.xml").text).toContain("Łódź");
    const meta = '<meta charset="windows-1251">Größe';
    expect(decodeText(encode(meta, "windows-1252"), "a", { charset: "latin1", html: true }).text).toBe(meta);
    expect(decodeText(Buffer.from(`\ufeff${meta}`), "a", { charset: "latin1", html: true }).text).toBe(meta);
  });

  test("unless it is unknown, or the bytes are another one", () => {
    const text = "Preis für Müller und Großmann";
    expect(decodeText(Buffer.from(text), "a", { charset: "klingon" }).text).toBe(text);
    expect(decodeText(encode(text, "windows-1252"), "a", { charset: "utf-8" }).text).toBe(text);
    expect(decodeText(Buffer.from(`<meta charset="utf-16">${text}`), "a", { html: true }).text).toContain(text);
  });

  test("a few broken bytes cost these alone, and are said", () => {
    const bytes = Buffer.concat([
      Buffer.from("Größe und Höhe, Länge und Breite: "),
      Buffer.from([0xc3]),
      Buffer.from(" mäßig ".repeat(30)),
    ]);
    const { text, warning } = decodeText(bytes, "a.txt");
    expect(text).toContain("Größe und Höhe");
    expect(warning).toBe("1 character could not be read as UTF-8.");
  });
});
