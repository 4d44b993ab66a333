/** XML of others: bounded before it is parsed, and without a document type, by which it could grow or reach for files. */
import { XMLParser } from 'fast-xml-parser';
import { CarrierUnreadable } from '../../commands/carrierPorts.ts';

/** A parcel with as many events as are kept has 300 kB. */
export const xmlBytesMax = 512 * 1_024;
/** The deepest of the carriers' answers has 8. */
const levelsMax = 32;

/** What holds no tags, though it may look like some: by its beginning, its end. */
const opaque: readonly (readonly [string, string])[] = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
];

/** How deep the tags are nested at most; `null`: some are not closed, or never opened. The parser would guess. */
const levelsOf = (text: string): number | null => {
  let [level, deepest] = [0, 0];
  for (let start = text.indexOf('<'); start >= 0; start = text.indexOf('<', start + 1)) {
    const [, close = '>'] = opaque.find(([open]) => text.startsWith(open, start)) ?? [];
    const end = text.indexOf(close, start);
    if (end < 0) return null;
    if (close === '>' && text.charAt(start + 1) === '/') level -= 1;
    else if (close === '>' && text.charAt(end - 1) !== '/') level += 1;
    if (level < 0) return null;
    deepest = Math.max(deepest, level);
    start = end;
  }
  return level === 0 && deepest > 0 ? deepest : null;
};

/**
 * Elements become members, attributes members that begin with `@`; texts stay texts. Names lose their prefix.
 * @throws CarrierUnreadable
 */
export const readXml = (body: Uint8Array): unknown => {
  if (body.byteLength > xmlBytesMax) throw new CarrierUnreadable(`More than ${xmlBytesMax} bytes of XML.`);
  const text = Buffer.from(body).toString('utf8').trim();
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new CarrierUnreadable('XML with a document type is not read.');
  const levels = levelsOf(text);
  if (levels === null) throw new CarrierUnreadable('The body is no XML.');
  if (levels > levelsMax) throw new CarrierUnreadable(`XML is nested more than ${levelsMax} levels deep.`);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    removeNSPrefix: true,
    // Those of HTML and those by number: letters, without what a document type could add.
    htmlEntities: true,
    parseTagValue: false,
    parseAttributeValue: false,
    maxNestedTags: levelsMax,
  });
  try {
    return parser.parse(text);
  } catch (error) {
    throw new CarrierUnreadable('The body is no XML.', { cause: error });
  }
};
