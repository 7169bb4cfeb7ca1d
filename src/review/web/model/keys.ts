/** What a KeyboardEvent says of a key press. */
export interface KeyPress {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** What keys that are no letters write on a Latin keyboard. */
const signs: Record<string, string> = { Period: '.', Comma: ',', BracketLeft: '[', BracketRight: ']' };

/**
 * The name of a key press: as `event.key` names it, in small letters, with Ctrl+ (⌘ too), Alt+ and Shift+ in this order
 * before it. Where the keyboard writes another script, it is the key in the same place of a Latin one.
 */
export function keyName({ key, code, ctrlKey, metaKey, altKey, shiftKey }: KeyPress): string {
  const name = (isOfOtherScript(key) ? latin(code) : undefined) ?? key.toLowerCase();
  const isSign = name.length === 1 && !/[a-z]/.test(name);
  return [
    ctrlKey || metaKey ? 'ctrl+' : '',
    altKey ? 'alt+' : '',
    // Signs are what they are, however they are typed on this keyboard.
    shiftKey && !isSign ? 'shift+' : '',
    name,
  ].join('');
}

const isOfOtherScript = (key: string) => /^[\p{L}\p{Nd}]$/u.test(key) && !/^[\p{Script=Latin}\d]$/u.test(key);

function latin(code: string): string | undefined {
  const [, sign] = /^(?:Key|Digit)([A-Z\d])$/.exec(code) ?? [];
  return sign?.toLowerCase() ?? signs[code];
}
