/** Chinese labels of regions abroad that the sources of build-catalogue.mjs lack, garble or spell as in Taiwan; kept by hand. */
export const CHINESE_LABELS = parse(`
US AK 阿拉斯加州 AL 亚拉巴马州 AR 阿肯色州 AS 美属萨摩亚 AZ 亚利桑那州 CA 加利福尼亚州 CO 科罗拉多州 CT 康涅狄格州 DC 华盛顿哥伦比亚特区
US DE 特拉华州 FL 佛罗里达州 GA 佐治亚州 GU 关岛 HI 夏威夷州 IA 艾奥瓦州 ID 爱达荷州 IL 伊利诺伊州 IN 印第安纳州 KS 堪萨斯州 KY 肯塔基州
US LA 路易斯安那州 MA 马萨诸塞州 MD 马里兰州 ME 缅因州 MI 密歇根州 MN 明尼苏达州 MO 密苏里州 MP 北马里亚纳群岛 MS 密西西比州 MT 蒙大拿州
US NC 北卡罗来纳州 ND 北达科他州 NE 内布拉斯加州 NH 新罕布什尔州 NJ 新泽西州 NM 新墨西哥州 NV 内华达州 NY 纽约州 OH 俄亥俄州 OK 俄克拉何马州
US OR 俄勒冈州 PA 宾夕法尼亚州 PR 波多黎各 RI 罗得岛州 SC 南卡罗来纳州 SD 南达科他州 TN 田纳西州 TX 得克萨斯州 UM 美国本土外小岛屿 UT 犹他州
US VA 弗吉尼亚州 VI 美属维尔京群岛 VT 佛蒙特州 WA 华盛顿州 WI 威斯康星州 WV 西弗吉尼亚州 WY 怀俄明州
CA AB 艾伯塔省 BC 不列颠哥伦比亚省 MB 马尼托巴省 NB 新不伦瑞克省 NL 纽芬兰与拉布拉多省 NS 新斯科舍省 NT 西北地区 NU 努纳武特地区 ON 安大略省
CA PE 爱德华王子岛省 QC 魁北克省 SK 萨斯喀彻温省 YT 育空地区
AU ACT 首都领地 NSW 新南威尔士州 NT 北领地 QLD 昆士兰州 SA 南澳大利亚州 TAS 塔斯马尼亚州 VIC 维多利亚州 WA 西澳大利亚州
NZ AUK 奥克兰 WGN 惠灵顿 CAN 坎特伯雷 OTA 奥塔戈 WKO 怀卡托
KR 11 首尔 26 釜山 27 大邱 28 仁川 29 光州 30 大田 31 蔚山 41 京畿道 42 江原道 43 忠清北道 44 忠清南道 45 全罗北道 46 全罗南道 47 庆尚北道
KR 48 庆尚南道 49 济州 50 世宗
DE BB 勃兰登堡 BE 柏林 BW 巴登-符腾堡 BY 巴伐利亚 HB 不来梅 HE 黑森 HH 汉堡 MV 梅克伦堡-前波美拉尼亚 NI 下萨克森 NW 北莱茵-威斯特法伦
DE RP 莱茵兰-普法尔茨 SH 石勒苏益格-荷尔斯泰因 SL 萨尔 SN 萨克森 ST 萨克森-安哈尔特 TH 图林根
AT 1 布尔根兰 2 克恩滕 3 下奥地利 4 上奥地利 5 萨尔茨堡 6 施蒂利亚 7 蒂罗尔 8 福拉尔贝格 9 维也纳
FR ARA 奥弗涅-罗讷-阿尔卑斯 BFC 勃艮第-弗朗什-孔泰 BRE 布列塔尼 20R 科西嘉 CVL 中央-卢瓦尔河谷 GES 大东部 HDF 上法兰西 IDF 法兰西岛
FR NAQ 新阿基坦 NOR 诺曼底 OCC 奥克西塔尼 PAC 普罗旺斯-阿尔卑斯-蓝色海岸 PDL 卢瓦尔河地区 75C 巴黎 971 瓜德罗普 972 马提尼克 973 法属圭亚那
FR 974 留尼汪 976 马约特 NC 新喀里多尼亚 PF 法属波利尼西亚 A 阿尔萨斯 B 阿基坦 C 奥弗涅 D 勃艮第 G 香槟-阿登 I 弗朗什-孔泰
FR K 朗格多克-鲁西永 L 利穆赞 M 洛林 N 南部-比利牛斯 O 北部-加来海峡 P 下诺曼底 Q 上诺曼底 S 皮卡第 T 普瓦图-夏朗德 V 罗讷-阿尔卑斯
FR 01 安省 02 埃纳省 03 阿列省 04 上普罗旺斯阿尔卑斯省 05 上阿尔卑斯省 06 滨海阿尔卑斯省 07 阿尔代什省 08 阿登省 09 阿列日省 10 奥布省
FR 11 奥德省 12 阿韦龙省 13 罗讷河口省 14 卡尔瓦多斯省 15 康塔勒省 16 夏朗德省 17 滨海夏朗德省 18 谢尔省 19 科雷兹省 21 科多尔省
FR 22 阿摩尔滨海省 23 克勒兹省 24 多尔多涅省 25 杜省 26 德龙省 27 厄尔省 28 厄尔-卢瓦尔省 29 菲尼斯泰尔省 2A 南科西嘉省 2B 上科西嘉省
FR 30 加尔省 31 上加龙省 32 热尔省 33 吉伦特省 34 埃罗省 35 伊勒-维莱讷省 36 安德尔省 37 安德尔-卢瓦尔省 38 伊泽尔省 39 汝拉省 40 朗德省
FR 41 卢瓦尔-谢尔省 42 卢瓦尔省 43 上卢瓦尔省 44 大西洋卢瓦尔省 45 卢瓦雷省 46 洛特省 47 洛特-加龙省 48 洛泽尔省 49 曼恩-卢瓦尔省 50 芒什省
FR 51 马恩省 52 上马恩省 53 马耶讷省 54 默尔特-摩泽尔省 55 默兹省 56 莫尔比昂省 57 摩泽尔省 58 涅夫勒省 59 北部省 60 瓦兹省 61 奥恩省
FR 62 加来海峡省 63 多姆山省 64 比利牛斯-大西洋省 65 上比利牛斯省 66 东比利牛斯省 67 下莱茵省 68 上莱茵省 69 罗讷省 70 上索恩省
FR 71 索恩-卢瓦尔省 72 萨尔特省 73 萨瓦省 74 上萨瓦省 76 滨海塞纳省 77 塞纳-马恩省 78 伊夫林省 79 德塞夫勒省 80 索姆省 81 塔恩省
FR 82 塔恩-加龙省 83 瓦尔省 84 沃克吕兹省 85 旺代省 86 维埃纳省 87 上维埃纳省 88 孚日省 89 约讷省 91 埃松省 92 上塞纳省
FR 93 塞纳-圣但尼省 94 马恩河谷省 95 瓦兹河谷省
ES AN 安达卢西亚 AR 阿拉贡 AS 阿斯图里亚斯 CB 坎塔布里亚 CE 休达 CL 卡斯蒂利亚-莱昂 CM 卡斯蒂利亚-拉曼恰 CN 加那利群岛 CT 加泰罗尼亚
ES EX 埃斯特雷马杜拉 GA 加利西亚 IB 巴利阿里群岛 MC 穆尔西亚 MD 马德里自治区 ML 梅利利亚 NC 纳瓦拉 PV 巴斯克 RI 拉里奥哈 VC 巴伦西亚自治区
ES A 阿利坎特省 AL 阿尔梅里亚省 B 巴塞罗那省 BI 比斯开省 BU 布尔戈斯省 CA 加的斯省 CO 科尔多瓦省 GI 赫罗纳省 GR 格拉纳达省 L 莱里达省
ES LE 莱昂省 M 马德里省 MA 马拉加省 SA 萨拉曼卡省 SE 塞维利亚省 SG 塞哥维亚省 T 塔拉戈纳省 TO 托莱多省 V 巴伦西亚省 VA 巴利亚多利德省 Z 萨拉戈萨省
IT 21 皮埃蒙特 23 瓦莱达奥斯塔 25 伦巴第 32 特伦蒂诺-上阿迪杰 34 威尼托 36 弗留利-威尼斯朱利亚 42 利古里亚 45 艾米利亚-罗马涅 52 托斯卡纳
IT 55 翁布里亚 57 马尔凯 62 拉齐奥 65 阿布鲁佐 67 莫利塞 72 坎帕尼亚 75 普利亚 77 巴西利卡塔 78 卡拉布里亚 82 西西里 88 撒丁
IT MI 米兰 RM 罗马 NA 那不勒斯 TO 都灵 GE 热那亚 BO 博洛尼亚 FI 佛罗伦萨 VE 威尼斯 PA 巴勒莫 BA 巴里
GB ENG 英格兰 SCT 苏格兰 WLS 威尔士 NIR 北爱尔兰 GBN 大不列颠 UKM 联合王国 EAW 英格兰和威尔士 LND 伦敦市 MAN 曼彻斯特 BIR 伯明翰 LIV 利物浦
GB LDS 利兹 SHF 谢菲尔德 EDH 爱丁堡 GLG 格拉斯哥 BST 布里斯托尔 CRF 加的夫 BFS 贝尔法斯特
IN AN 安达曼-尼科巴群岛 AP 安得拉邦 AR 阿鲁纳恰尔邦 AS 阿萨姆邦 BR 比哈尔邦 CG 恰蒂斯加尔邦 CH 昌迪加尔 DL 德里 GA 果阿邦 GJ 古吉拉特邦
IN DH 达德拉-纳加尔哈维利和达曼-第乌 HP 喜马偕尔邦 HR 哈里亚纳邦 JH 贾坎德邦 JK 查谟-克什米尔 KA 卡纳塔克邦 KL 喀拉拉邦 LA 拉达克 LD 拉克沙群岛
IN MH 马哈拉施特拉邦 ML 梅加拉亚邦 MN 曼尼普尔邦 MP 中央邦 MZ 米佐拉姆邦 NL 那加兰邦 OD 奥里萨邦 PB 旁遮普邦 PY 本地治里 RJ 拉贾斯坦邦 SK 锡金邦
IN TN 泰米尔纳德邦 TR 特里普拉邦 TS 特伦甘纳邦 UK 北阿坎德邦 UP 北方邦 WB 西孟加拉邦
BR AC 阿克里州 AL 阿拉戈斯州 AM 亚马孙州 AP 阿马帕州 BA 巴伊亚州 CE 塞阿拉州 DF 联邦区 ES 圣埃斯皮里图州 GO 戈亚斯州 MA 马拉尼昂州
BR MG 米纳斯吉拉斯州 MS 南马托格罗索州 MT 马托格罗索州 PA 帕拉州 PB 帕拉伊巴州 PE 伯南布哥州 PI 皮奥伊州 PR 巴拉那州 RJ 里约热内卢州
BR RN 北里奥格兰德州 RO 朗多尼亚州 RR 罗赖马州 RS 南里奥格兰德州 SC 圣卡塔琳娜州 SE 塞尔希培州 SP 圣保罗州 TO 托坎廷斯州
RU AD 阿迪格共和国 CE 车臣共和国 DA 达吉斯坦共和国 MOW 莫斯科 SPE 圣彼得堡 ROS 罗斯托夫州 SE 北奥塞梯-阿兰共和国 KHM 汉特-曼西自治区
RU KR 卡累利阿共和国 IN 印古什共和国 PER 彼尔姆边疆区 SVE 斯维尔德洛夫斯克州
ID JK 雅加达 BA 巴厘省 AC 亚齐省 YO 日惹特区 JW 爪哇 KA 加里曼丹 SM 苏门答腊 SL 苏拉威西 NU 努沙登加拉 KU 北加里曼丹省 PB 西巴布亚省
VN 31 平定省 50 槟椥省 09 谅山省 CT 芹苴 DN 岘港 HN 河内 HP 海防 SG 胡志明市
SG 01 中区 02 东北区 03 西北区 04 东南区 05 西南区
PH 00 马尼拉大都会 11 达沃大区 12 中棉兰老 CEB 宿务省 BTG 八打雁省 CAV 甲米地省 LAG 内湖省 BUL 布拉干省 PAM 邦板牙省 RIZ 黎刹省
PK PB 旁遮普省 SD 信德省 KP 开伯尔-普什图省 BA 俾路支省 IS 伊斯兰堡
UA 30 基辅 32 基辅州 40 塞瓦斯托波尔 43 克里米亚 09 卢甘斯克州 14 顿涅茨克州
CZ 10 布拉格 72 兹林州
IR 00 中央省 01 吉兰省 02 马赞德兰省 03 东阿塞拜疆省 04 西阿塞拜疆省 05 克尔曼沙阿省 06 胡齐斯坦省 07 法尔斯省 08 克尔曼省 09 礼萨呼罗珊省 10 伊斯法罕省 11 锡斯坦-俾路支斯坦省 12 库尔德斯坦省 13 哈马丹省 14 恰哈马哈勒-巴赫蒂亚里省 15 洛雷斯坦省
IR 16 伊拉姆省 17 科吉卢耶-博韦艾哈迈德省 18 布什尔省 19 赞詹省 20 塞姆南省 21 亚兹德省 22 霍尔木兹甘省 23 德黑兰省 24 阿尔达比勒省 25 库姆省 26 加兹温省 27 戈莱斯坦省 28 北呼罗珊省 29 南呼罗珊省 30 厄尔布尔士省
KZ 75 阿拉木图 71 阿斯塔纳
AE DU 迪拜 SH 沙迦 AZ 阿布扎比 AJ 阿治曼 FU 富查伊拉 RK 哈伊马角 UQ 乌姆盖万
TR 34 伊斯坦布尔 06 安卡拉 35 伊兹密尔
NL NH 北荷兰 ZH 南荷兰 UT 乌得勒支
CH ZH 苏黎世 GE 日内瓦 BE 伯尔尼 VD 沃州 TI 提契诺
`)

/** English names of regions where the sources have another language's, or one that has moved to another code. */
export const ENGLISH_LABELS = {
  'FR-CVL': 'Centre-Val de Loire',
  'IR-00': 'Markazi',
  'IR-01': 'Gilan',
  'IR-02': 'Mazandaran',
  'IR-03': 'East Azerbaijan',
  'IR-04': 'West Azerbaijan',
  'IR-05': 'Kermanshah',
  'IR-06': 'Khuzestan',
  'IR-07': 'Fars',
  'IR-08': 'Kerman',
  'IR-09': 'Razavi Khorasan',
  'IR-10': 'Isfahan',
  'IR-11': 'Sistan and Baluchestan',
  'IR-12': 'Kurdistan',
  'IR-13': 'Hamadan',
  'IR-14': 'Chaharmahal and Bakhtiari',
  'IR-15': 'Lorestan',
  'IR-16': 'Ilam',
  'IR-17': 'Kohgiluyeh and Boyer-Ahmad',
  'IR-18': 'Bushehr',
  'IR-19': 'Zanjan',
  'IR-20': 'Semnan',
  'IR-21': 'Yazd',
  'IR-22': 'Hormozgan',
  'IR-23': 'Tehran',
  'IR-24': 'Ardabil',
  'IR-25': 'Qom',
  'IR-26': 'Qazvin',
  'IR-27': 'Golestan',
  'IR-28': 'North Khorasan',
  'IR-29': 'South Khorasan',
  'IR-30': 'Alborz',
  'MT-45': 'Victoria',
  'NP-P1': 'Koshi',
  'NP-P2': 'Madhesh',
  'NP-P3': 'Bagmati',
  'NP-P4': 'Gandaki',
  'NP-P5': 'Lumbini',
  'NP-P6': 'Karnali',
  'NP-P7': 'Sudurpashchim',
  'RS-00': 'Belgrade',
  'RU-KR': 'Karelia',
  'RU-SE': 'North Ossetia-Alania',
  'RW-01': 'Kigali',
}

/** Rows of a country and pairs of code and label. */
function parse(text) {
  return new Map(
    text
      .trim()
      .split('\n')
      .flatMap((row) => {
        const [country, ...pairs] = row.split(' ')
        return pairs.flatMap((code, at) => (at % 2 === 0 ? [[`${country}-${code}`, pairs[at + 1]]] : []))
      }),
  )
}
