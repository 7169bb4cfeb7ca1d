/** What a Python literal can be. Dictionaries become maps, tuples become lists, `None` becomes null. */
export type PythonValue = string | number | boolean | null | PythonValue[] | Map<PythonValue, PythonValue>;

const KEYWORDS = new Map<string, PythonValue>([
  ['None', null],
  ['True', true],
  ['False', false],
]);

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };

/**
 * Reads what Python's `repr` prints for dictionaries, lists, tuples, strings, numbers, booleans and None, which is how
 * Ultralytics writes `names`, `imgsz` and `args` into a model: `{0: 'circle', 1: "driver's square"}`.
 *
 * @throws SyntaxError with the position of the first character that does not fit
 */
export function parsePythonLiteral(text: string): PythonValue {
  const reader = new LiteralReader(text);
  const value = reader.value();
  reader.end();
  return value;
}

class LiteralReader {
  #position = 0;

  constructor(private readonly text: string) {}

  value(): PythonValue {
    const start = this.#peek();
    if (start === '{') return this.#dictionary();
    if (start === '[') return this.#list('[', ']');
    if (start === '(') return this.#list('(', ')');
    if (start === "'" || start === '"') return this.#string(start);
    return this.#word();
  }

  end(): void {
    if (this.#peek() !== '') this.#fail();
  }

  /** The next character that is not white space, or '' at the end. */
  #peek(): string {
    while (/\s/.test(this.text.charAt(this.#position))) this.#position++;
    return this.text.charAt(this.#position);
  }

  #expect(character: string): void {
    if (this.#peek() !== character) this.#fail();
    this.#position++;
  }

  #fail(): never {
    throw new SyntaxError(`Not a Python literal at character ${this.#position}.`);
  }

  #dictionary(): Map<PythonValue, PythonValue> {
    const entries = new Map<PythonValue, PythonValue>();
    this.#expect('{');
    while (this.#peek() !== '}') {
      const key = this.value();
      this.#expect(':');
      entries.set(key, this.value());
      if (this.#peek() !== '}') this.#expect(',');
    }
    this.#expect('}');
    return entries;
  }

  #list(open: string, close: string): PythonValue[] {
    const items: PythonValue[] = [];
    this.#expect(open);
    while (this.#peek() !== close) {
      items.push(this.value());
      if (this.#peek() !== close) this.#expect(',');
    }
    this.#expect(close);
    return items;
  }

  #string(quote: string): string {
    this.#position++;
    let result = '';
    for (;;) {
      const character = this.text.charAt(this.#position++);
      if (character === quote) return result;
      if (character === '') this.#fail();
      result += character === '\\' ? this.#escape() : character;
    }
  }

  #escape(): string {
    const character = this.text.charAt(this.#position++);
    const digits = { x: 2, u: 4, U: 8 }[character];
    if (digits === undefined) return ESCAPES[character] ?? `\\${character}`;
    const code = Number.parseInt(this.text.slice(this.#position, this.#position + digits), 16);
    if (Number.isNaN(code) || code > 0x10ffff) this.#fail();
    this.#position += digits;
    return String.fromCodePoint(code);
  }

  #word(): PythonValue {
    const word = /^[-+\w.]+/.exec(this.text.slice(this.#position))?.[0] ?? '';
    const keyword = KEYWORDS.get(word);
    if (keyword === undefined && !/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) this.#fail();
    this.#position += word.length;
    return keyword === undefined ? Number(word) : keyword;
  }
}
