/** How a setting is written and what it is once read. */
export interface SettingKind<Value> {
  kind: 'folder' | 'file' | 'paths' | 'program' | 'text' | 'command' | 'number' | 'choice' | 'choices';
  /** The range in words; stands after "must be" in errors and in the documents. */
  form: string;
  /**
   * From the text of a file, of the environment or of a call to the value; undefined for another form. No schema: all
   * programs know all settings, and would spend a twentieth of their start on making a hundred schemas.
   */
  parse: (written: string) => Value | undefined;
  /** The names to choose from, in the order in which people should see them; of a choice that may loosen: strictest first. */
  choices?: readonly string[];
}

/** An existing folder; made absolute by the reader, who knows where the text stood. */
export const folder: SettingKind<string> = {
  kind: 'folder',
  form: 'the path of an existing folder',
  parse: matching(/./s),
};

export const file: SettingKind<string> = {
  kind: 'file',
  form: 'the path of an existing file',
  parse: matching(/./s),
};

/** For settings of the machine: there is no folder from which a relative path could count. */
export const absoluteFile: SettingKind<string> = {
  kind: 'file',
  form: 'the absolute path of an existing file (~ is the home folder)',
  parse: matching(/^~?\/./),
};

/** What need not exist yet. Only commas part them: a path may hold blanks. A blank before a path is a comma left out. */
export const absolutePaths: SettingKind<string[]> = {
  kind: 'paths',
  form: 'a comma-separated list of absolute paths (~ is the home folder)',
  parse: pathsMatching(/^~?\/(?!.*\s~?\/)[^/]/),
};

/** Names below the top folder of a repository. */
export const relativePaths: SettingKind<string[]> = {
  kind: 'text',
  form: 'a comma-separated list of paths below the top folder of the repository',
  parse: pathsMatching(/^(?!\/|~|.*(?:^|\/)(?:\.{1,2}|\.git)(?:\/|$))/, /^(?:\.\/)+|\/+$/g),
};

/** Looked up on PATH when it is a bare name. */
export const program: SettingKind<string> = {
  kind: 'program',
  form: 'a command name, or the absolute path of a program (~ is the home folder)',
  parse: matching(/^(?:[^/~\s][^/\s]*|~?\/.+)$/),
};

/** One line for `sh -c`. */
export const command: SettingKind<string> = {
  kind: 'command',
  form: 'one line for the shell',
  parse: matching(/./s),
};

/** The same with a place for something. */
export function commandWith(place: string): SettingKind<string> {
  const parse = (written: string) => (written.includes(place) ? written : undefined);
  return { kind: 'command', form: `one line for the shell with ${place} in it`, parse };
}

/** Text of a stated form: `pattern` holds for the whole of it. */
export function text(form: string, pattern: RegExp): SettingKind<string> {
  return { kind: 'text', form, parse: matching(pattern) };
}

export function wholeNumber(unit: string, min: number, max: number): SettingKind<number> {
  const parse = numberBetween(min, max, /^\d{1,15}$/);
  return { kind: 'number', form: `a whole number of ${unit} from ${min} to ${max}`, parse };
}

/** A number that may have a fraction, written with a point. */
export function amount(unit: string, min: number, max: number): SettingKind<number> {
  const parse = numberBetween(min, max, /^\d{1,12}(?:\.\d{1,6})?$/);
  return { kind: 'number', form: `a number of ${unit} from ${min} to ${max}`, parse };
}

/** One of a few names, in any letter case. */
export function oneOf<const Name extends string>(choices: readonly Name[]): SettingKind<Name> {
  const parse = (written: string) => choices.find((name) => name === written.trim().toLowerCase());
  return { kind: 'choice', form: `one of ${choices.join(', ')}`, parse, choices };
}

/** Names with commas between, each once. `none` stands for the empty list where that is allowed. */
export function listOf<const Name extends string>(
  choices: readonly Name[],
  { orNone }: { orNone: boolean },
): SettingKind<Name[]> {
  const isChoice = (name: string): name is Name => choices.some((choice) => choice === name);
  return {
    kind: 'choices',
    form: `a comma-separated list of ${choices.join(', ')}${orNone ? ', or none' : ''}`,
    parse(written) {
      const text = written.trim().toLowerCase();
      const names = orNone && text === 'none' ? [] : each(text.split(/[\s,]+/));
      return names.every(isChoice) && (orNone || names.length > 0) ? names : undefined;
    },
    choices,
  };
}

function matching(pattern: RegExp): (written: string) => string | undefined {
  return (written) => (pattern.test(written) ? written : undefined);
}

/** @param superfluous what each path may be written with and is read without */
function pathsMatching(pattern: RegExp, superfluous = /^$/): (written: string) => string[] | undefined {
  return (written) => {
    const paths = each(written.split(',').map((path) => path.trim().replace(superfluous, '')));
    return paths.length > 0 && paths.every((path) => pattern.test(path)) ? paths : undefined;
  };
}

function numberBetween(min: number, max: number, pattern: RegExp): (written: string) => number | undefined {
  return (written) => {
    const number = pattern.test(written) ? Number(written) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  };
}

/** Each that is not empty, once. */
function each(names: readonly string[]): string[] {
  return [...new Set(names.filter(Boolean))];
}
