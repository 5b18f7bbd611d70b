/**
 * How a Chinese place name is typed in latin letters: its pinyin and its initials (宁波 → ningbo, nb). Pure. The English label is the
 * pinyin for most; it is cut into as many syllables as the name has characters, so that no character table is needed and readings
 * that a table would get wrong (厦门 xiamen, 六安 luan, 蚌埠 bengbu) are right. Names from other languages stand in EXONYMS.
 */

/** Pinyin of names whose English label is another word. */
const EXONYMS: Readonly<Record<string, string>> = {
  内蒙古: 'nei meng gu',
  呼和浩特: 'hu he hao te',
  吕梁: 'lv liang',
  鄂尔多斯: 'e er duo si',
  呼伦贝尔: 'hu lun bei er',
  巴彦淖尔: 'ba yan nao er',
  乌兰察布: 'wu lan cha bu',
  兴安: 'xing an',
  锡林郭勒: 'xi lin guo le',
  阿拉善: 'a la shan',
  哈尔滨: 'ha er bin',
  齐齐哈尔: 'qi qi ha er',
  阿坝: 'a ba',
  甘孜: 'gan zi',
  拉萨: 'la sa',
  日喀则: 'ri ka ze',
  昌都: 'chang du',
  林芝: 'lin zhi',
  那曲: 'na qu',
  阿里: 'a li',
  果洛: 'guo luo',
  乌鲁木齐: 'wu lu mu qi',
  克拉玛依: 'ke la ma yi',
  吐鲁番: 'tu lu fan',
  博尔塔拉: 'bo er ta la',
  巴音郭楞: 'ba yin guo leng',
  阿克苏: 'a ke su',
  克孜勒苏: 'ke zi le su',
  喀什: 'ka shi',
  和田: 'he tian',
  伊犁: 'yi li',
  阿勒泰: 'a le tai',
  陕西: 'shan xi',
  中国台湾: 'tai wan',
  中国香港: 'xiang gang',
  中国澳门: 'ao men',
  华北: 'hua bei',
  东北: 'dong bei',
  华东: 'hua dong',
  华中: 'hua zhong',
  华南: 'hua nan',
  西南: 'xi nan',
  西北: 'xi bei',
  境内: 'jing nei',
  境外: 'jing wai',
}

const SYLLABLE =
  /^(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])(?:iang|iong|uang|uai|iao|ian|ing|ang|eng|ong|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui|un|uo|a|e|i|o|u|v)|ai|an|ang|ao|a|ei|en|er|e|ou|o)$/

/** Pinyin in one word and the first letter of each syllable; undefined = not a Chinese reading. */
export type Reading = { readonly pinyin: string; readonly initials: string }

/** The reading of a Chinese place name with its English label. */
export function readPlace(zh: string, en: string): Reading | undefined {
  const known = EXONYMS[zh]
  const syllables = known === undefined ? splitPinyin(en, [...zh].length) : known.split(' ')
  if (syllables === undefined) return undefined
  return { pinyin: syllables.join(''), initials: syllables.map((syllable) => syllable[0]).join('') }
}

/** Cuts pinyin into exactly `count` syllables; an apostrophe is a cut, and a consonant rather begins a syllable than ends one. */
export function splitPinyin(text: string, count: number): readonly string[] | undefined {
  return cut(text.toLowerCase(), count)
}

function cut(text: string, count: number): readonly string[] | undefined {
  if (count === 0) return text === '' ? [] : undefined
  // Shortest first syllable first: "jinan" is ji-nan, not jin-an.
  for (let length = 1; length <= Math.min(6, text.length); length++) {
    const first = text.slice(0, length)
    if (!SYLLABLE.test(first)) continue
    const rest = text.slice(length)
    const cutHere = rest.startsWith("'")
    const left = cut(cutHere ? rest.slice(1) : rest, count - 1)
    if (left !== undefined) return [first, ...left]
  }
  return undefined
}
