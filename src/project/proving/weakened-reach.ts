import { posix } from 'node:path';
import { parseJson } from '../../base/parse-json.ts';

/** What commands come to, as far as their words say it. */
export interface Reach {
  /** Files that are run, from the top folder. */
  scripts: ReadonlySet<string>;
  /** Every word of the commands and of what they run: tools, scripts of package.json, targets. */
  words: ReadonlySet<string>;
}

/** The base commit, from the top folder. */
export interface BaseFiles {
  has(path: string): boolean;
  read(path: string): Promise<string | undefined>;
}

/** Follows commands through the scripts of package.json, shell scripts and a Makefile. What programs do inside is not followed. */
export async function reachOf(commands: readonly string[], base: BaseFiles): Promise<Reach> {
  const named = packageScripts(await base.read('package.json'));
  const scripts = new Set<string>();
  const words = new Set<string>();
  const texts = [...commands];
  for (let text = texts.shift(); text !== undefined; text = texts.shift()) {
    for (const word of wordsOf(text)) {
      if (words.has(word)) continue;
      words.add(word);
      for (const name of [`pre${word}`, word, `post${word}`]) texts.push(named.get(name) ?? '');
      if (word === 'make' || word === 'gmake') texts.push((await base.read('Makefile')) ?? '');
    }
    for (const path of runIn(text, base)) {
      if (scripts.has(path) || PRODUCT.test(path)) continue;
      scripts.add(path);
      if (SHELL.test(path)) texts.push((await base.read(path)) ?? '');
    }
  }
  return { scripts, words };
}

/** A program of the project that a check runs is its work, and no check. */
const PRODUCT = /^(?:src|lib|app|dist|build|out|target)\//;
const SHELL = /\.(?:sh|bash|zsh|bats)$|(?:^|\/)[^./]+$/;

function wordsOf(text: string): string[] {
  return text.split(/[^\w@.:/-]+/).flatMap((word) => {
    const bare = word.replace(/^(?:npm:|\.\/)/, '');
    return bare === '' ? [] : [bare];
  });
}

const RUNNER = /^(?:ba|z|da|k)?sh$|^(?:node|deno|bun|tsx|ts-node|python[\d.]*|ruby|perl|php|source|\.)$/;
const BEFORE_IT =
  /^(?:\w+=.*|!|if|then|do|else|while|exec|env|time|nice|sudo|command|cross-env|npx|uv|poetry|bundle|run|exec|-.*|\d+)$/;

function* runIn(text: string, { has }: BaseFiles): Generator<string> {
  let dir = '';
  for (const part of text.split(/[\n;&|(){}`]+/)) {
    const words = part.split(/\s+/).flatMap((word) => word.replace(/^@?["']?|["']+$/g, '') || []);
    const at = words.findIndex((word) => !BEFORE_IT.test(word));
    const [program = '', ...args] = at < 0 ? [] : words.slice(at);
    const file = args.find((word) => !word.startsWith('-')) ?? '';
    if (program === 'cd') dir = posix.join(dir, file);
    else {
      const run = RUNNER.test(program) ? file : program;
      const path = [posix.join(dir, run), posix.normalize(run)].find((each) => run !== '' && has(each));
      if (path !== undefined) yield path;
    }
  }
}

/** Commands of a package.json, by name; none where it can't be read. */
export function packageScripts(text: string | undefined): Map<string, string> {
  const { scripts } = jsonObject(text);
  const entries = scripts !== null && typeof scripts === 'object' ? Object.entries(scripts) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

export function jsonObject(text: string | undefined): Record<string, unknown> {
  const value = parseJson(text ?? '');
  return value !== null && typeof value === 'object' ? { ...value } : {};
}
