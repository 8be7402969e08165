import { mkdir, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { installCli } from '../../../support/install-clis.ts';
import { commitWork, type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';

/** Serves one page, and leaves requests for it open if it says so. */
const WEB = `import http from 'node:http';
import { readFileSync } from 'node:fs';
const [, , port] = process.argv;
http.createServer((_, response) => {
  const page = readFileSync('index.html', 'utf8');
  if (!page.includes('never answered')) response.setHeader('content-type', 'text/html').end(page);
}).listen(Number(port), '127.0.0.1');
`;

export const NEVER_ANSWERED = '<!-- never answered -->';

export const button = (colour: string) =>
  `<!doctype html><button style="all:unset;position:absolute;left:10px;top:20px;width:100px;height:40px;background:${colour}"></button>`;

/** A session with PAGES, whose base has a green button. */
export const PICTURED = {
  sandbox: 'guard',
  lines: { CHECK: 'true', PORTS: 'web', SERVICE_WEB: 'node web.mjs {port.web}', PAGES: '/' },
  repo: { files: { 'web.mjs': WEB, 'index.html': button('#008000') } },
} as const satisfies RigPlan;

/** Links playwright-core as npm installs it next to the package. */
export async function installPlaywright(program: string): Promise<void> {
  const link = join(dirname(program), 'node_modules/playwright-core');
  await mkdir(dirname(link), { recursive: true });
  // Test files that run at once share the programs.
  const own = `${link}-${process.pid}`;
  await symlink(dirname((await installCli('playwright')).path), own);
  await rename(own, link);
}

export async function commitPage(rig: SessionRig, page: string): Promise<string> {
  await writeFile(join((await rig.state()).worktree?.path ?? '', 'index.html'), page);
  return await commitWork(rig, 'work.txt');
}

/** A session that is about to be done with this page. */
export async function withPage(page: string, plan: RigPlan = {}): Promise<SessionRig> {
  return await startRig({ ...PICTURED, phase: 'done', before: (rig) => commitPage(rig, page), ...plan });
}

export async function picturesOf(rig: SessionRig) {
  const { pictures, proved } = await rig.until(
    ({ status }) => status.kind === 'done' || status.kind === 'blocked',
  );
  if (pictures === undefined || proved?.commit !== pictures.commit)
    throw new Error('The proven commit has no pictures.');
  return pictures;
}

/** The sets of pictures that are complete, by folder, and when each was completed. */
export async function keptSets({ paths }: SessionRig): Promise<Map<string, number>> {
  const names = (await ifExists(readdir(paths.pictures, { recursive: true }))) ?? [];
  const sets = names.filter((name) => name.endsWith('/taken.json'));
  const times = sets.map(async (name) => (await stat(join(paths.pictures, name))).mtimeMs);
  const found = await Promise.all(times);
  return new Map(sets.map((name, at) => [dirname(name), found[at] ?? 0]));
}
