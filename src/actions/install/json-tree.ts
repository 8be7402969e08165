/** Where a JSON value stands in its text: offsets from its first character to behind its last. */
export type JsonNode =
  | { kind: 'object'; start: number; end: number; members: readonly JsonMember[] }
  | { kind: 'array'; start: number; end: number; items: readonly JsonNode[] }
  | { kind: 'plain'; start: number; end: number };

export interface JsonMember {
  key: string;
  /** Of the key's opening quote. */
  start: number;
  value: JsonNode;
}

/**
 * Reads JSON, also with comments and commas before a closing bracket, as clients allow them in their settings.
 * @returns undefined for a text that is neither
 */
export function jsonTree(text: string): JsonNode | undefined {
  try {
    const reader = new Reader(text);
    const node = reader.value();
    reader.skip();
    return reader.at === text.length ? node : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The value that a text holds; undefined when it is neither. */
export function jsonValue(text: string): unknown {
  const tree = jsonTree(text);
  return tree && plainValueOf(text, tree);
}

function plainValueOf(text: string, node: JsonNode): unknown {
  switch (node.kind) {
    case 'plain':
      return JSON.parse(text.slice(node.start, node.end));
    case 'array':
      return node.items.map((item) => plainValueOf(text, item));
    case 'object':
      return Object.fromEntries(node.members.map(({ key, value }) => [key, plainValueOf(text, value)]));
    default:
      return node satisfies never;
  }
}

const BLANK = /(?:[\s\uFEFF]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

class Reader {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  skip(): void {
    this.at += this.#match(BLANK)?.length ?? 0;
  }

  value(): JsonNode {
    this.skip();
    const start = this.at;
    switch (this.#text[start]) {
      case '{':
        return { kind: 'object', start, members: this.#list('}', () => this.#member()), end: this.at };
      case '[':
        return { kind: 'array', start, items: this.#list(']', () => this.value()), end: this.at };
      default: {
        const found = this.#match(STRING) ?? this.#match(PLAIN);
        if (found === undefined) throw new SyntaxError('no value');
        // It knows best which characters and escapes a string may hold.
        JSON.parse(found);
        this.at += found.length;
        return { kind: 'plain', start, end: this.at };
      }
    }
  }

  #member(): JsonMember {
    const start = this.at;
    const key = this.#match(STRING);
    if (key === undefined) throw new SyntaxError('no key');
    this.at += key.length;
    this.skip();
    this.#take(':');
    return { key: String(JSON.parse(key)), start, value: this.value() };
  }

  #list<T>(closing: string, read: () => T): T[] {
    this.at += 1;
    const list: T[] = [];
    for (;;) {
      this.skip();
      if (this.#text[this.at] === closing) break;
      list.push(read());
      this.skip();
      if (this.#text[this.at] !== closing) this.#take(',');
    }
    this.at += 1;
    return list;
  }

  #take(character: string): void {
    if (this.#text[this.at] !== character) throw new SyntaxError(`no ${character}`);
    this.at += 1;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.#text)?.[0];
  }
}
