import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAtTerminal } from '../../base/processes/run-at-terminal.ts';
import type { Cli } from './cli.ts';

const HEAD = `Write your comments between the lines of the plan. Of these lines and of those
that begin with ">", only the one above each comment is sent with it.
Where nothing is written, nothing is sent.
`;

/**
 * Opens a text in the person's editor, quoted as in an email, and collects the comments between its lines.
 * @returns each comment below the line it is about; empty if there are none or the editor failed
 */
export async function commentsOn({ env }: Pick<Cli, 'env'>, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'samocode-'));
  try {
    const path = join(folder, 'comments.md');
    await writeFile(path, `${HEAD}\n${quoted(text)}\n`, { mode: 0o600 });
    const editor = env.VISUAL || env.EDITOR || 'vi';
    const exitCode = await runAtTerminal({ command: `${editor} "$@"`, args: [path], env });
    return exitCode === 0 ? commentsIn(await readFile(path, 'utf8')) : '';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function quoted(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
}

/** The text between the quoted lines, each piece below the last non-empty quoted line before it. */
export function commentsIn(edited: string): string {
  const kept: string[] = [];
  let above: string | undefined;
  for (const line of edited.replace(HEAD, '').split(/\r?\n/)) {
    if (/^> *\S/.test(line)) above = line;
    if (line.startsWith('>') || (line.trim() === '' && kept.length === 0)) continue;
    if (line.trim() !== '' && above !== undefined) kept.push('', above);
    if (line.trim() !== '') above = undefined;
    kept.push(line.trimEnd());
  }
  return kept
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
