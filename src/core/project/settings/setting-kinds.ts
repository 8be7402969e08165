import { editDistance, nearestName } from '../../kernel/nearest-name.ts';
import { HOST, PACKAGE_HOSTS, PACKAGES } from './sandbox-hosts.ts';

export interface SettingKind<Value> {
  kind: 'folder' | 'file' | 'paths' | 'program' | 'text' | 'command' | 'number' | 'choice' | 'choices';
  /** The allowed values in words; follows "must be" in errors and documents. */
  form: string;
  /** Parses the text of a file, the environment or a call; undefined if it has another form. */
  parse(written: string): Value | undefined;
  /** The allowed names, in display order; for a choice that may relax a rule, the strictest first. */
  choices?: readonly string[];
}

/** Text that matches `pattern`, described by `form`. */
export function text(form: string, pattern: RegExp): SettingKind<string> {
  return { kind: 'text', form, parse: (written) => (pattern.test(written) ? written : undefined) };
}

// No leading dash, so that no program mistakes a model or branch for an option.
export const modelName = text(
  "a model's name without spaces, 200 characters at most",
  /^[^\s\p{Cc}-][^\s\p{Cc}]{0,199}$/u,
);
export const branchPrefix = text(
  'the first part of a branch name: letters, digits, and . _ - / between them',
  /^(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)))[\p{L}\p{N}](?:[\p{L}\p{N}._/-]*[\p{L}\p{N}_-])?$/u,
);

const ANY = /./s;

/** An existing folder; the reader makes it absolute, relative to the file that contains it. */
export const folder: SettingKind<string> = { ...text('the path of an existing folder', ANY), kind: 'folder' };

export const file: SettingKind<string> = { ...text('the path of an existing file', ANY), kind: 'file' };

export const absoluteFile: SettingKind<string> = {
  ...text('the absolute path of an existing file (~ is the home folder)', /^~?\/./),
  kind: 'file',
};

/** Searched on PATH if it is a bare name. */
export const program: SettingKind<string> = {
  ...text(
    'a command name, or the absolute path of a program (~ is the home folder)',
    /^(?:[^/~\s][^/\s]*|~?\/.+)$/,
  ),
  kind: 'program',
};

/** One line for `sh -c`. */
export const command: SettingKind<string> = { ...text('one line for the shell', ANY), kind: 'command' };

/** Comma-separated paths that need not exist and may contain spaces. A space before another path is an error. */
export const absolutePaths: SettingKind<string[]> = {
  kind: 'paths',
  form: 'a comma-separated list of absolute paths (~ is the home folder)',
  parse: (written) => pathsIn(written, /^(?:~$|~?\/(?!.*\s~?\/)[^/])/),
};

export const relativePaths: SettingKind<string[]> = {
  kind: 'text',
  form: 'a comma-separated list of paths below the top folder of the repository',
  parse: (written) =>
    pathsIn(written, /^(?!\/|~|.*(?:^|\/)(?:\.{1,2}|\.git)(?:\/|$))/, (path) =>
      path.replace(/^(?:\.\/)+|\/+$/g, ''),
    ),
};

export const homePaths: SettingKind<string[]> = {
  kind: 'text',
  form: 'a comma-separated list of files and folders below your home folder, none of them home itself',
  parse: (written) =>
    pathsIn(written, /^(?!\/|~|.*(?:^|\/)\.{1,2}(?:\/|$))[^\p{Cc}]+$/u, (path) =>
      path.replace(/^~\/+|\/+$/g, '').replace(/^(?:\.\/+)+(?=.)/, ''),
    ),
};

/** Host names, addresses and the word `packages`. A name close to a known one is refused as a typo. */
export function hostList(known: readonly string[]): SettingKind<string[]> {
  return {
    kind: 'choices',
    form: 'a comma-separated list of host names (*.example.com: all below it; example.com:8443: another port than 80 and 443), addresses and the word packages',
    parse: (written) => {
      const hosts = wordsIn(written.toLowerCase(), (each) => isHost(each, known));
      return hosts && unique(hosts.flatMap((each) => (each === PACKAGES ? PACKAGE_HOSTS : [each])));
    },
    choices: [PACKAGES, ...known],
  };
}

function isHost(written: string, known: readonly string[]): boolean {
  if (written === PACKAGES || known.includes(written)) return true;
  const meant = nearestName(written, known);
  return HOST.test(written) && (meant === undefined || editDistance(written, meant) > 2);
}

/** A list without duplicates, with `most` entries at most. */
export function wordsUpTo(
  form: string,
  each: RegExp,
  most = Number.POSITIVE_INFINITY,
): SettingKind<string[]> {
  return {
    kind: 'text',
    form,
    parse: (written) => {
      const words = wordsIn(written, (word) => each.test(word));
      return words && words.length <= most ? words : undefined;
    },
  };
}

/** Names of environment variables; a star at the end stands for the rest. */
export const namesOfVariables = wordsUpTo(
  'a comma-separated list of names of environment variables (AWS_* for all that begin with AWS_)',
  /^[A-Za-z_]\w*\*?$/,
);

export const namesOfPeople = wordsUpTo('a comma-separated list of names', /^[\p{L}\p{N}][\p{L}\p{N}._@-]*$/u);

export const ports: SettingKind<number[]> = {
  kind: 'text',
  form: 'a comma-separated list of ports from 1024 to 65535',
  parse: (written) => {
    const isPort = (word: string) => numberIn(word, /^\d{4,5}$/, [1024, 65_535]) !== undefined;
    return wordsIn(written, isPort)?.map(Number);
  },
};

export function wholeNumber(unit: string, min: number, max: number): SettingKind<number> {
  return {
    kind: 'number',
    form: `a whole number of ${unit} from ${min} to ${max}`,
    parse: (written) => numberIn(written, /^\d{1,15}$/, [min, max]),
  };
}

/** A whole number, with or without the sign. */
export function percent(min: number, max: number): SettingKind<number> {
  return {
    kind: 'number',
    form: `a whole percentage from ${min}% to ${max}%`,
    parse: (written) => numberIn(written, /^\d{1,3}(?= ?%?$)/, [min, max]),
  };
}

/** A number with an optional decimal fraction. */
export function amount(unit: string, min: number, max: number): SettingKind<number> {
  return {
    kind: 'number',
    form: `a number of ${unit} from ${min} to ${max}`,
    parse: (written) => numberIn(written, /^\d{1,12}(?:\.\d{1,6})?$/, [min, max]),
  };
}

export function oneOf<const Name extends string>(choices: readonly Name[]): SettingKind<Name> {
  return {
    kind: 'choice',
    form: `one of ${choices.join(', ')}`,
    parse: (written) => choices.find((choice) => choice === written.trim().toLowerCase()),
    choices,
  };
}

/** Comma-separated names without duplicates. `none` is the empty list where allowed. */
export function listOf<const Name extends string>(
  choices: readonly Name[],
  { orNone, short = {} }: { orNone: boolean; short?: Readonly<Record<string, readonly Name[]>> },
): SettingKind<Name[]> {
  const shorts = Object.entries(short).map(([name, all]) => `; ${name} is short for ${all.join(', ')}`);
  return {
    kind: 'choices',
    form: `a comma-separated list of ${choices.join(', ')}${orNone ? ', or none' : ''}${shorts.join('')}`,
    parse: (written) => {
      const plain = written.trim().toLowerCase();
      const names = wordsIn(plain, () => true) ?? [];
      if (names.length === 0 || plain === 'none') return orNone ? [] : undefined;
      const found = names.map((name) =>
        Object.hasOwn(short, name) ? (short[name] ?? []) : choices.filter((each) => each === name),
      );
      return found.every(({ length }) => length > 0) ? unique(found.flat()) : undefined;
    },
    choices,
  };
}

function pathsIn(written: string, form: RegExp, plain = (path: string) => path): string[] | undefined {
  const paths = unique(written.split(',').map((path) => plain(path.trim()))).filter(Boolean);
  return paths.length > 0 && paths.every((path) => form.test(path)) ? paths : undefined;
}

/** The words without duplicates; undefined if the text has no words, or one that is not allowed. */
function wordsIn(written: string, isAllowed: (word: string) => boolean): string[] | undefined {
  const words = unique(written.split(/[\s,]+/).filter(Boolean));
  return words.length > 0 && words.every(isAllowed) ? words : undefined;
}

function numberIn(
  written: string,
  form: RegExp,
  [min, max]: readonly [min: number, max: number],
): number | undefined {
  const [digits] = form.exec(written) ?? [];
  const number = digits === undefined ? Number.NaN : Number(digits);
  return number >= min && number <= max ? number : undefined;
}

function unique<Each>(all: readonly Each[]): Each[] {
  return [...new Set(all)];
}
