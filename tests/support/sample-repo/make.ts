import { mkdir } from 'node:fs/promises';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { type Commit, HISTORY } from './history.ts';

/**
 * A realistic repository at `path`: 31 commits by four authors, more than 200 files, an `npm test` that passes, and no
 * parser for compound amounts ("5 ft 3 in"): the task of the sessions that run on it.
 * @param env the environment of git; its HOME must be a temporary one
 */
export async function makeSampleRepo(path: string, env: Record<string, string>): Promise<void> {
  await mkdir(path, { recursive: true });
  const git = async (args: readonly string[], input?: string) => {
    const { exitCode, stderr } = await runCommand('git', args, {
      cwd: path,
      env,
      ...(input === undefined ? {} : { input }),
    });
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  };
  await git(['init', '--quiet', '-b', 'main']);
  await git(['config', 'user.name', 'Sample Person']);
  await git(['config', 'user.email', 'sample@example.invalid']);
  await git(['fast-import', '--quiet'], HISTORY.map(importText).join(''));
  await git(['reset', '--quiet', '--hard', 'main']);
}

/** The commit in the language of `git fast-import`; lengths count bytes. */
function importText({ author, at, subject, files }: Commit): string {
  const person = `${author} <${author.toLowerCase().replace(' ', '.')}@example.invalid> ${at} +0000`;
  const changes = Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`);
  return [
    'commit refs/heads/main\n',
    `author ${person}\n`,
    `committer ${person}\n`,
    data(subject),
    ...changes,
    '\n',
  ].join('');
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
