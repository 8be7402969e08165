import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commentsIn, type LineComment } from '../../caller/facts/line-comments.ts';
import { runAtTerminal } from '../../kernel/processes/run-at-terminal.ts';
import type { Cli } from './cli.ts';

const HEAD = [
  '# Write each comment on a new line, below the line that it is about.',
  '# A comment here, above the first line, is about the whole text. Without a comment, nothing is sent.',
];

/**
 * Opens a text in the user's editor and collects the comments between its lines.
 * @param name the name of the file in the editor, which selects the syntax highlighting
 */
export async function commentsOn(
  cli: Pick<Cli, 'env'>,
  { name, lines }: { name: string; lines: readonly string[] },
): Promise<LineComment[]> {
  const shown = [...HEAD, '', ...lines];
  const edited = await inEditor(cli, name, `${shown.join('\n')}\n`);
  if (edited === undefined) return [];
  const above = HEAD.length + 1;
  return commentsIn(shown, edited).map(({ below, text }) => ({ below: Math.max(-1, below - above), text }));
}

/** Opens a text in the user's editor. @returns the saved text; undefined if the editor failed */
export async function editedText(cli: Pick<Cli, 'env'>, text: string): Promise<string | undefined> {
  return await inEditor(cli, 'plan.md', text);
}

async function inEditor({ env }: Pick<Cli, 'env'>, name: string, text: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'samocode-'));
  try {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    const editor = env.VISUAL || env.EDITOR || 'vi';
    const exitCode = await runAtTerminal({ command: `${editor} "$@"`, args: [path], cwd: folder, env });
    return exitCode === 0 ? await readFile(path, 'utf8') : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
