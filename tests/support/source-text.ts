/** The code of a TypeScript file without comments, strings and regular expressions. */
export interface SourceText {
  /** The code, with comments and regular expressions blanked out and each string replaced by `"<its index>"`. */
  code: string;
  strings: string[];
}

export interface ImportOf {
  specifier: string;
  /** `import()`, whose target may be determined at run time. */
  isDynamic: boolean;
}

// After one of these a slash begins a regular expression, otherwise it divides.
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|await|yield))\s*$/;
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|[`{}]|\/|[^/'"`{}]+|[\s\S]/g;
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{|$)/y;

/** Parses a file as far as its imports and calls require; templates keep the code in their placeholders. */
export function sourceText(text: string): SourceText {
  const strings: string[] = [];
  // What each open brace belongs to: true for a placeholder of a template, which continues after it.
  const braces: boolean[] = [];
  let code = '';
  let at = 0;
  const template = (): void => {
    TEMPLATE_PART.lastIndex = at;
    const part = TEMPLATE_PART.exec(text);
    at = TEMPLATE_PART.lastIndex;
    code += ' "" ';
    if (part?.[1] === '${') {
      braces.push(true);
      code += '+(';
    }
  };
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0] ?? text.slice(at);
    if (token.length > 1 && token.startsWith('/') && !/^\/[/*]/.test(token) && !BEFORE_REGEX.test(code)) {
      code += '/';
      at += 1;
      continue;
    }
    at += token.length;
    if (token === '`') template();
    else if (token === '{') braces.push(false);
    if (token === '}' && braces.pop()) {
      code += ')';
      template();
    } else if (/^['"]/.test(token) && token.length > 1) code += `"${strings.push(token.slice(1, -1)) - 1}"`;
    else if (token.length > 1 && token.startsWith('/')) code += ' ';
    else if (token !== '`') code += token;
  }
  return { code, strings };
}

/** Every module that a file names: import, export … from, import type, import(), and types by import(). */
export function importsOf({ code, strings }: SourceText): ImportOf[] {
  const fixed = /\b(?:import|export)\b(?:[^;"'()=]*?\bfrom)?\s*"(\d+)"/g;
  const late = /\bimport\s*\(\s*(?:"(\d+)")?/g;
  const named = (match: RegExpMatchArray) => strings[Number(match[1] ?? -1)] ?? '';
  return [
    ...[...code.matchAll(fixed)].map((match) => ({ specifier: named(match), isDynamic: false })),
    ...[...code.matchAll(late)].map((match) => ({ specifier: named(match), isDynamic: true })),
  ];
}
