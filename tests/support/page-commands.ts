import { type Block, blocksOf } from './pages.ts';

/** One command of a page, with what the page shows of its output. */
export interface PageCommand {
  command: string;
  /** Undefined if the page shows no output. */
  shows: string | undefined;
  /** The marker of the block: why it is not run. */
  mark: string;
}

/** Starts of a line that make an indented block one of commands. */
const PROGRAMS = /^(?:samocode|npm|npx|git|cd|codex|claude|gemini|sudo|loginctl|examples\/|[A-Z_]+=\S+ )/;

/**
 * The commands of a page, in order. In a fence of `console`, a line with `$ ` is a command, and the lines after it are
 * its output; in a fence of `sh` and in an indented block that starts with a program, each line is one.
 */
export function commandsOf(page: string): PageCommand[] {
  return blocksOf(page).flatMap((block) => {
    if (block.language === 'console') return ofConsole(block);
    const isShell = block.language === 'sh' || (block.language === '' && PROGRAMS.test(block.text));
    return isShell ? ofLines(block) : [];
  });
}

function ofConsole({ text, mark }: Block): PageCommand[] {
  return text.split(/^\$ /m).flatMap((part) => {
    const [command = '', ...shown] = part.split('\n');
    return command === '' ? [] : [{ command, shows: shown.join('\n').trimEnd() || undefined, mark }];
  });
}

/** Text after two spaces explains the command. */
function ofLines({ text, mark }: Block): PageCommand[] {
  return text.split('\n').flatMap((line) => {
    const command = (line.split(/ {2,}/)[0] ?? '').replace(/ # .*$/, '').trim();
    return command === '' ? [] : [{ command, shows: undefined, mark }];
  });
}

/**
 * Whether an output matches the shown one: `…` matches anything in a line, and alone any lines; times and ids match any
 * others.
 */
export function isAsShown(output: string, shown: string): boolean {
  const lines = shown
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${patternOf(line)}\\s*\\n`));
  return new RegExp(`^${lines.join('')}$`).test(`${output.trimEnd()}\n`);
}

/** Text that differs from run to run, in the order of matching. */
const VARYING: readonly [RegExp, string][] = [
  [/\b\d\d-\d\d-\d\d-(?=[a-z])/, '\\d\\d-\\d\\d-\\d\\d-'],
  [/\b\d\d-\d\d-\d{4}-/, '\\d\\d-\\d\\d-\\d{4}-'],
  [/\b\d\d-\d\d \d\d:\d\d\b/, '\\d\\d-\\d\\d \\d\\d:\\d\\d'],
  [/\b\d+:\d\d(?::\d\d)?\b/, '\\d+:\\d\\d(?::\\d\\d)?'],
  [/\b\d+ (?:s|min|h)\b/, '\\d+ (?:s|min|h)'],
  [/\b(?=[a-f]*\d)[0-9a-f]{7,40}\b/, '[0-9a-f]{7,40}'],
  [/…/, '.*'],
];

function patternOf(line: string): string {
  for (const [varying, pattern] of VARYING) {
    const found = varying.exec(line);
    if (!found) continue;
    const after = line.slice(found.index + found[0].length);
    return `${patternOf(line.slice(0, found.index))}${pattern}${patternOf(after)}`;
  }
  return line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +');
}
