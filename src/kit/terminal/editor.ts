import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAtTerminal } from '../../base/processes/run-at-terminal.ts';
import type { Cli } from './cli.ts';

const HEAD = `Write your comments between the lines of the plan. Of these lines and of those
that begin with ">", only the one above each comment is sent with it.
If you write nothing, nothing is sent.
`;

/**
 * Opens a text in the user's editor, quoted as in an email, and collects the comments between its lines.
 * @returns each comment below the line it refers to; empty if there are none or the editor failed
 */
export async function commentsOn({ env }: Pick<Cli, 'env'>, text: string): Promise<string> {
  const edited = await inEditor({ env }, 'comments.md', `${HEAD}\n${quoted(text)}\n`);
  return edited === undefined ? '' : commentsIn(edited);
}

/** Opens a text in the person's editor. @returns what was saved; undefined if the editor failed */
export async function editedText(cli: Pick<Cli, 'env'>, text: string): Promise<string | undefined> {
  return await inEditor(cli, 'plan.md', text);
}

async function inEditor({ env }: Pick<Cli, 'env'>, name: string, text: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'samocode-'));
  try {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    const editor = env.VISUAL || env.EDITOR || 'vi';
    const exitCode = await runAtTerminal({ command: `${editor} "$@"`, args: [path], env });
    return exitCode === 0 ? await readFile(path, 'utf8') : undefined;
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
