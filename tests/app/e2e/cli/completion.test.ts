import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../../../src/app/cli/whole-program.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { foldersOfPlace, placeOfRepository } from '../../../../src/core/project/finding/project-place.ts';
import { ci } from '../../../support/ci.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { typed } from '../../unit/cli/typed.ts';

const PROGRAM = join(import.meta.dirname, '../../../../dist/samocode.js');
const SESSIONS = ['26-01-02-boat', '26-01-03-bridge', '26-01-02-twin', '26-01-03-twin', '26-01-04-船'];

let repo: TempRepo;
let env: Record<string, string>;

beforeAll(async () => {
  repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  await typed(['init', '--set', 'PROVIDER=rehearsal'], place);
  const { sessions } = foldersOfPlace(await placeOfRepository(repo.path, repo.homeDir));
  for (const name of SESSIONS) await mkdir(join(sessions, name));
  for (const folder of ['.run', '_archive'])
    await mkdir(join(sessions, folder, '26-01-01-old'), { recursive: true });
  const bin = join(repo.homeDir, 'bin');
  await mkdir(bin);
  await symlink(PROGRAM, join(bin, 'samocode'));
  env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: repo.homeDir,
    TERM: 'dumb',
    LC_ALL: 'C.UTF-8',
    SAMOCODE_SUPERVISOR: 'off',
  };
  for (const shell of SHELLS) {
    const { stdout } = await typed(['completion', shell], { cwd: repo.path, home: repo.homeDir });
    await writeFile(scriptOf(shell), stdout);
  }
});

/** Rows of zsh or fish are left out if it is not installed; `.ci/run` installs both. */
const SHELLS: Shell[] = (['bash', 'zsh', 'fish'] as const).filter((name) => isHere(name));

function isHere(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((dir) => existsSync(join(dir, program)));
}

const scriptOf = (shell: Shell) => join(repo.homeDir, `completion.${shell}`);

afterAll(() => repo[Symbol.asyncDispose]());

/** The shell's completions for a line that ends at the cursor. */
async function offered(shell: Shell, line: string[]): Promise<string[]> {
  const script = scriptOf(shell);
  const [program, ...args] = ASKING[shell](script, line);
  const { stdout, stderr } = await runCommand(program ?? '', args, { cwd: repo.path, env });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean).sort();
}

type Shell = 'bash' | 'zsh' | 'fish';
const quoted = (words: string[]) => words.map((word) => `'${word}'`).join(' ');

/** How each shell is asked for its completions, as Tab would do. */
const ASKING: Record<Shell, (script: string, line: string[]) => string[]> = {
  bash: (script, line) => [
    'bash',
    '-c',
    `source ${script}; COMP_WORDS=(${quoted(line)}); COMP_CWORD=${line.length - 1}
     complete -p samocode | grep -q _samocode && _samocode; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // compadd shows its matches only inside the line editor.
  zsh: (script, line) => [
    'zsh',
    '-fc',
    `compdef() { }; compadd() { print -l -- "\${found[@]}" }; _files() { }
     words=(${quoted(line)}); CURRENT=${line.length}; source ${script}; _samocode`,
  ],
  fish: (script, line) => [
    'fish',
    '--no-config',
    '-c',
    `source ${script}; complete -C ${quoted([line.join(' ')])} | string split -f1 \\t`,
  ],
};

test.concurrent.for(SHELLS)(
  '%s completes commands, options, values and names of sessions',
  ci,
  async (shell, { expect }) => {
    expect(await offered(shell, ['samocode', 'sta']), 'commands').toEqual(['start', 'status']);
    expect(await offered(shell, ['samocode', 'log', 'boat', '--f']), 'options').toEqual(['--follow']);
    expect(await offered(shell, ['samocode', 'completion', '']), 'values').toEqual(['bash', 'fish', 'zsh']);
    expect(await offered(shell, ['samocode', 'status', '船']), 'names').toEqual(['船']);
  },
);

/** The program's completions for the words passed by each shell. */
async function candidates(...words: string[]): Promise<string[]> {
  const { stdout } = await runCommand(process.execPath, [PROGRAM, '__complete', '--', ...words], {
    cwd: repo.path,
    env,
  });
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => line.split('\t')[0] ?? '').sort();
}

test('every command is offered, and the values that an option has', async () => {
  expect(await candidates('')).toHaveLength(COMMANDS.length + 1);
  expect(await candidates('install', '--scope', '')).toEqual(['project', 'user']);
});

test('names of sessions are offered for arguments that take a session', async () => {
  expect(await candidates('status', 'b')).toEqual(['boat', 'bridge']);
  expect(await candidates('log', '-n', '5', 'bo')).toEqual(['boat']);
  expect(await candidates('unarchive', '')).toEqual(['old']);
});

test('two sessions of one name are distinguished by their dates', async () => {
  expect(await candidates('status', '26')).toEqual(['26-01-02-twin', '26-01-03-twin']);
});

test('the offered sessions are those of the project that the line names', async () => {
  expect(await candidates('status', '-C', repo.path, 'bo')).toEqual(['boat']);
  expect(await candidates('status', '-C', '/no/such/folder', 'bo')).toEqual([]);
});
