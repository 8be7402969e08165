import * as z from 'zod';
import { editDistance, nearestName } from '../../kernel/nearest-name.ts';
import { once } from '../../kernel/once.ts';
import { HOST, PACKAGE_HOSTS, PACKAGES } from './sandbox-hosts.ts';

export interface SettingKind<Value> {
  kind: 'folder' | 'file' | 'paths' | 'program' | 'text' | 'command' | 'number' | 'choice' | 'choices';
  /** The allowed values in words; follows "must be" in errors and documents. */
  form: string;
  /** Parses the text of a file, the environment or a call. Created on first use: most programs read few settings. */
  schema: () => z.ZodType<Value, string>;
  /** The allowed names, in display order; for a choice that may relax a rule, the strictest first. */
  choices?: readonly string[];
}

/** An existing folder; the reader makes it absolute, relative to the file that contains it. */
export const folder: SettingKind<string> = {
  kind: 'folder',
  form: 'the path of an existing folder',
  schema: once(() => z.string().min(1)),
};

export const file: SettingKind<string> = {
  kind: 'file',
  form: 'the path of an existing file',
  schema: once(() => z.string().min(1)),
};

export const absoluteFile: SettingKind<string> = {
  kind: 'file',
  form: 'the absolute path of an existing file (~ is the home folder)',
  schema: once(() => z.string().regex(/^~?\/./)),
};

/** Comma-separated paths that need not exist and may contain spaces. A space before another path is an error. */
export const absolutePaths: SettingKind<string[]> = {
  kind: 'paths',
  form: 'a comma-separated list of absolute paths (~ is the home folder)',
  schema: once(() => pathList(/^(?:~$|~?\/(?!.*\s~?\/)[^/])/)),
};

export const relativePaths: SettingKind<string[]> = {
  kind: 'text',
  form: 'a comma-separated list of paths below the top folder of the repository',
  schema: once(() =>
    pathList(/^(?!\/|~|.*(?:^|\/)(?:\.{1,2}|\.git)(?:\/|$))/, (path) => path.replace(/^(?:\.\/)+|\/+$/g, '')),
  ),
};

export const homePaths: SettingKind<string[]> = {
  kind: 'text',
  form: 'a comma-separated list of files and folders below your home folder, none of them home itself',
  schema: once(() =>
    pathList(/^(?!\/|~|.*(?:^|\/)\.{1,2}(?:\/|$))[^\p{Cc}]+$/u, (path) =>
      path.replace(/^~\/+|\/+$/g, '').replace(/^(?:\.\/+)+(?=.)/, ''),
    ),
  ),
};

/** Host names, addresses and the word `packages`. A name close to a known one is refused as a typo. */
export function hostList(known: readonly string[]): SettingKind<string[]> {
  return {
    kind: 'choices',
    form: 'a comma-separated list of host names (*.example.com: all below it; example.com:8443: another port than 80 and 443), addresses and the word packages',
    schema: once(() =>
      z
        .string()
        .transform((written) => [
          ...new Set(
            written
              .toLowerCase()
              .split(/[\s,]+/)
              .filter(Boolean),
          ),
        ])
        .pipe(z.array(z.string().refine((each) => isHost(each, known))).min(1))
        .transform((hosts) => [
          ...new Set(hosts.flatMap((each) => (each === PACKAGES ? PACKAGE_HOSTS : [each]))),
        ]),
    ),
    choices: [PACKAGES, ...known],
  };
}

function isHost(written: string, known: readonly string[]): boolean {
  if (written === PACKAGES || known.includes(written)) return true;
  const meant = nearestName(written, known);
  return HOST.test(written) && (meant === undefined || editDistance(written, meant) > 2);
}

/** Names of environment variables; a star at the end stands for the rest. */
export const namesOfVariables: SettingKind<string[]> = {
  kind: 'text',
  form: 'a comma-separated list of names of environment variables (AWS_* for all that begin with AWS_)',
  schema: once(() => wordList(/^[A-Za-z_]\w*\*?$/)),
};

export const namesOfPeople: SettingKind<string[]> = {
  kind: 'text',
  form: 'a comma-separated list of names',
  schema: once(() => wordList(/^[\p{L}\p{N}][\p{L}\p{N}._@-]*$/u)),
};

export const ports: SettingKind<number[]> = {
  kind: 'text',
  form: 'a comma-separated list of ports from 1024 to 65535',
  schema: once(() =>
    wordList(/^\d{4,5}$/)
      .transform((words) => words.map(Number))
      .pipe(z.array(z.int().min(1024).max(65_535))),
  ),
};

/** Searched on PATH if it is a bare name. */
export const program: SettingKind<string> = {
  kind: 'program',
  form: 'a command name, or the absolute path of a program (~ is the home folder)',
  schema: once(() => z.string().regex(/^(?:[^/~\s][^/\s]*|~?\/.+)$/)),
};

/** One line for `sh -c`. */
export const command: SettingKind<string> = {
  kind: 'command',
  form: 'one line for the shell',
  schema: once(() => z.string().min(1)),
};

/** Like `command`, with a required placeholder. */
export function commandWith(place: string): SettingKind<string> {
  const schema = once(() => z.string().refine((written) => written.includes(place)));
  return { kind: 'command', form: `one line for the shell with ${place} in it`, schema };
}

/** Text that matches `pattern`, described by `form`. */
export function text(form: string, pattern: RegExp): SettingKind<string> {
  return { kind: 'text', form, schema: once(() => z.string().regex(pattern)) };
}

export function wholeNumber(unit: string, min: number, max: number): SettingKind<number> {
  return {
    kind: 'number',
    form: `a whole number of ${unit} from ${min} to ${max}`,
    schema: once(() =>
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number)
        .pipe(z.int().min(min).max(max)),
    ),
  };
}

/** A whole number, with or without the sign. */
export function percent(min: number, max: number): SettingKind<number> {
  return {
    kind: 'number',
    form: `a whole percentage from ${min}% to ${max}%`,
    schema: once(() =>
      z
        .string()
        .regex(/^\d{1,3} ?%?$/)
        .transform((written) => Number.parseInt(written, 10))
        .pipe(z.int().min(min).max(max)),
    ),
  };
}

/** A number with an optional decimal fraction. */
export function amount(unit: string, min: number, max: number): SettingKind<number> {
  return {
    kind: 'number',
    form: `a number of ${unit} from ${min} to ${max}`,
    schema: once(() =>
      z
        .string()
        .regex(/^\d{1,12}(?:\.\d{1,6})?$/)
        .transform(Number)
        .pipe(z.number().min(min).max(max)),
    ),
  };
}

export function oneOf<const Name extends string>(choices: readonly Name[]): SettingKind<Name> {
  return {
    kind: 'choice',
    form: `one of ${choices.join(', ')}`,
    schema: once(() => lowerCase().pipe(z.enum(choices))),
    choices,
  };
}

/** Comma-separated names without duplicates. `none` is the empty list where allowed. */
export function listOf<const Name extends string>(
  choices: readonly Name[],
  { orNone, short = {} }: { orNone: boolean; short?: Readonly<Record<string, readonly Name[]>> },
): SettingKind<Name[]> {
  const each = (written: string) => {
    const names = written.split(/[\s,]+/).filter(Boolean);
    return [...new Set(names.flatMap((name): readonly string[] => short[name] ?? [name]))];
  };
  const shorts = Object.entries(short).map(([name, all]) => `; ${name} is short for ${all.join(', ')}`);
  return {
    kind: 'choices',
    form: `a comma-separated list of ${choices.join(', ')}${orNone ? ', or none' : ''}${shorts.join('')}`,
    schema: once(() => {
      const names = lowerCase().transform((written) => (orNone && written === 'none' ? [] : each(written)));
      return names.pipe(orNone ? z.array(z.enum(choices)) : z.array(z.enum(choices)).min(1));
    }),
    choices,
  };
}

/** A list without duplicates, with `most` entries at most. */
export function wordsUpTo(form: string, each: RegExp, most: number): SettingKind<string[]> {
  return { kind: 'text', form, schema: once(() => wordList(each).pipe(z.array(z.string()).max(most))) };
}

function pathList(form: RegExp, plain = (path: string) => path) {
  return z
    .string()
    .transform((written) =>
      [...new Set(written.split(',').map((path) => plain(path.trim())))].filter(Boolean),
    )
    .pipe(z.array(z.string().regex(form)).min(1));
}

function wordList(form: RegExp) {
  return z
    .string()
    .transform((written) => [...new Set(written.split(/[\s,]+/).filter(Boolean))])
    .pipe(z.array(z.string().regex(form)).min(1));
}

const lowerCase = once(() => z.string().transform((written) => written.trim().toLowerCase()));
