/**
 * What texts look like, for guessing an encoding: letters beyond ASCII by language, the most frequent first, and the
 * characters that Chinese and Korean texts use most. Written down by hand from general knowledge of the languages.
 */

export interface Alphabet {
  encodings: readonly string[];
  /** Lower case, the most frequent first. */
  letters: string;
  /** Whether ASCII letters stand among them in words. */
  latin?: boolean;
}

const WESTERN = ["windows-1252", "macintosh"];
const CENTRAL = ["windows-1250", "iso-8859-2"];
const BALTIC = ["windows-1257", "iso-8859-13"];
const CYRILLIC = ["windows-1251", "koi8-u", "ibm866", "iso-8859-5", "x-mac-cyrillic"];

export const ALPHABETS: readonly Alphabet[] = [
  { encodings: WESTERN, latin: true, letters: "üäöß" },
  { encodings: WESTERN, latin: true, letters: "éèàêçôâîûùïëœ" },
  { encodings: WESTERN, latin: true, letters: "óíáéñúü¿¡ºª" },
  { encodings: WESTERN, latin: true, letters: "ãçéáóêíõâúàôºª" },
  { encodings: WESTERN, latin: true, letters: "èàùòéìóîº" },
  { encodings: WESTERN, latin: true, letters: "àéèóíúòçïü·" },
  { encodings: WESTERN, latin: true, letters: "äöåé" },
  { encodings: WESTERN, latin: true, letters: "øåæéö" },
  { encodings: WESTERN, latin: true, letters: "éëïèóöü" },
  { encodings: ["windows-1252"], latin: true, letters: "áíðéóöþúæý" },
  { encodings: CENTRAL, latin: true, letters: "ąęłóżśćźń" },
  { encodings: CENTRAL, latin: true, letters: "íáěéčřšžýůúťňďó" },
  { encodings: CENTRAL, latin: true, letters: "áíčšéžýúťľôňďäĺŕó" },
  { encodings: CENTRAL, latin: true, letters: "éáőóöűüíú" },
  { encodings: CENTRAL, latin: true, letters: "čšžćđ" },
  { encodings: CENTRAL, latin: true, letters: "ăîşţâ" },
  { encodings: ["windows-1254"], latin: true, letters: "ışüğçöâî" },
  { encodings: BALTIC, latin: true, letters: "ėšįųąžūęč" },
  { encodings: BALTIC, latin: true, letters: "āīēšņūļžķģč" },
  { encodings: BALTIC, latin: true, letters: "äõüöšž" },
  { encodings: ["windows-1258"], latin: true, letters: "đưôơêâăáàóíéúèòùãõý\u0301\u0300\u0323\u0309\u0303" },
  { encodings: CYRILLIC, letters: "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё№" },
  { encodings: CYRILLIC, letters: "оанитвіерслкдумпязьбгйчхїцжюєшщфґ" },
  { encodings: CYRILLIC, letters: "аоеинтрсвлкдпмзуъгябчщжйхцюшфь" },
  { encodings: CYRILLIC, letters: "аиоенјрсткудвмлпзбгчшжцњћхљђфџѓќѕ" },
  { encodings: ["windows-1253", "iso-8859-7"], letters: "αοιετσνηυρπκμλςωόίδάέήγώχθύφβξζψϊϋΐ" },
  { encodings: ["windows-1255", "iso-8859-8"], letters: "יוהלאתרבמשנםדכחעקפטצגסןזךףץ" },
  { encodings: ["windows-1256", "iso-8859-6"], letters: "اليمنوتربدعسفهكقحةجأذصشطخىءغزثضئظإآؤگپچژکیںہےٹڈڑھ" },
  { encodings: ["windows-874"], letters: "านรกอเง่มยล้วดทสต็ิะปบคหแจพชีั์ขใไโผซถศธณฉญุู ืำฟึฏฎฐฑฒฬษฮภๆฯ" },
];

/** Punctuation and signs of any text. */
export const SIGNS = "–—’‘“”„‚…•€°§«»·×²³½¼±©®™£¥№\u00a0¡¿ºª†‰′″¶¢÷¹µ‹›¦¬\u00ad´¨¯¸";

const COMMON_SIMPLIFIED =
  "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运客户单姓号码价请您时间电话";
const COMMON_TRADITIONAL =
  "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運客戶單姓號碼價請您灣香港";
const COMMON_KANJI =
  "日一人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨会社員部品地区市都県町村番号住所氏様料理方法業務手合場新自分使用設定確認申込事内容期限必要書類提出";
const COMMON_HANGUL =
  "이다는을의에가고하지를은한로사기어자그대서도리인시일나정부수해보라아있것으들전오만주제구성여장게면경과신상스원동조국비위안연소미무유관방치공우내세요러마중계실회민문적울발선분생행때바더까된될모용영불두등통심역없습니합입했었객름소화번호금액년월";

/** By encoding: what the characters that make up most of a text cost in bits, the first hundred less than the others. */
export const COMMON: Record<string, ReadonlyMap<string, number>> = {
  gb18030: costs(COMMON_SIMPLIFIED),
  big5: costs(COMMON_TRADITIONAL),
  shift_jis: costs(COMMON_KANJI),
  "euc-jp": costs(COMMON_KANJI),
  "euc-kr": costs(COMMON_HANGUL),
};

function costs(characters: string): ReadonlyMap<string, number> {
  return new Map([...characters].map((character, index) => [character, index < 100 ? 8 : 9.6]));
}
