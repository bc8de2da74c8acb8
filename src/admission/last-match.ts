/**
 * The engine remembers the last text that a regular expression matched (`RegExp.input`), and so keeps in memory all of which that was a
 * part: an Authorization header with its token. After this it remembers nothing.
 */
export function forgetLastMatch(): void {
  NOTHING.test('');
}

const NOTHING = /^/;
