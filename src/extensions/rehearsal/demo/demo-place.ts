import { appendFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { runGit } from '../../../core/project/git/git.ts';
import paperBoat from './paper-boat.json' with { type: 'json' };

/** A temporary folder that holds everything the demo uses, including HOME. */
export type DemoPlace = Awaited<ReturnType<typeof makeDemoPlace>>;

const PASSED_ON = ['PATH', 'TMPDIR', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ'];

/** @param paceMs pause before each step of the rehearsal */
export async function makeDemoPlace(env: Readonly<Record<string, string | undefined>>, paceMs: number) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'samocode-demo-')));
  const remove = () => rm(root, { recursive: true, force: true, maxRetries: 5 });
  const repo = join(root, 'paper-boat');
  const home = join(root, 'home');
  const scenario = join(root, 'scenario.json');
  // The environment of every demo process; none of them reads the person's own settings.
  const own: Record<string, string> = {
    ...Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
    HOME: home,
    REHEARSAL_SCENARIO: scenario,
    // No supervisor is needed: the demo's chat answers each wait by calling a tool, which starts the worker.
    SAMOCODE_SUPERVISOR: 'off',
    KEEP_AWAKE: 'no',
  };
  try {
    await mkdir(home);
    await writeFile(scenario, JSON.stringify({ ...paperBoat.scenario, paceMs }));
    await makeRepository(repo, own);
  } catch (error) {
    await remove();
    throw error;
  }
  return { root, repo, home, env: own, remove, sessions: undefined as string | undefined };
}

const IDENTITY = '[user]\n\tname = Paper Boat\n\temail = captain@paper-boat.example\n';

async function makeRepository(repo: string, env: Record<string, string>): Promise<void> {
  for (const [path, lines] of Object.entries(paperBoat.files)) {
    makeFolder(dirname(join(repo, path)));
    await writeFile(join(repo, path), lines.join('\n'));
  }
  const git = (...args: string[]) => runGit(args, { cwd: repo, baseEnv: env });
  await git('init', '--quiet', '--initial-branch=main');
  await appendFile(join(repo, '.git/config'), IDENTITY);
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'A list small enough to fold from one sheet');
}
