/**
 * Text that people read, compare and type: labels, article numbers, waybills. Any script is welcome.
 * Not in it: controls, line and paragraph separators, surrogates, code points that Unicode has not assigned (their normal
 * form may still change), and the controls of writing direction, by which a text shows as another than it is.
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\u202a-\u202e\u2066-\u2069]/u;
const blankAtAnEnd = /^\s|\s$/u;

/** What is wrong with a text as a name of something; `null`: nothing. */
export const printableFault = (text: string): string | null => {
  if (text === '') return 'must not be empty';
  if (blankAtAnEnd.test(text)) return 'must not begin or end with a blank';
  return unprintable.test(text) ? 'must have printable characters only' : null;
};

/** In characters (code points), as JSON Schema counts them. */
export const skuCharsMax = 100;

/** What most are, and what has none of these faults; `.` and `..` are none of them. */
const plainSku = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Two forms of one letter would be two SKUs that look the same: only NFC is taken (API.md "Conventions"). */
export const skuFault = (text: string): string | null => {
  if (text.length <= skuCharsMax && plainSku.test(text)) return null;
  if (text.length > 2 * skuCharsMax || [...text].length > skuCharsMax) {
    return `must not have more than ${skuCharsMax} characters`;
  }
  // RFC 3986 §5.2.4: no path can end in them.
  if (text === '.' || text === '..') return 'must not be "." or ".."';
  return printableFault(text) ?? (text === text.normalize('NFC') ? null : 'must be in Unicode normal form C (NFC)');
};
