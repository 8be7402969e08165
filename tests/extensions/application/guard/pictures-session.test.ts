import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import { beforeAll, expect, test } from 'vitest';
import { builtPrograms } from '../../../support/built-programs.ts';
import { installCli } from '../../../support/install-clis.ts';
import { commitWork, type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';

const WEB = `import http from 'node:http';
import { readFileSync } from 'node:fs';
const [, , port] = process.argv;
http.createServer((_, response) => response.setHeader('content-type', 'text/html').end(readFileSync('index.html'))).listen(Number(port), '127.0.0.1');
`;
const button = (colour: string) =>
  `<!doctype html><button style="all:unset;position:absolute;left:10px;top:20px;width:100px;height:40px;background:${colour}"></button>`;

// As npm installs it next to the package.
beforeAll(async () => {
  const modules = join(dirname((await builtPrograms()).worker), 'node_modules');
  await mkdir(modules, { recursive: true });
  await rm(join(modules, 'playwright-core'), { force: true });
  await symlink(dirname((await installCli('playwright')).path), join(modules, 'playwright-core'));
});

async function proven(page: string, plan: RigPlan = {}): Promise<SessionRig> {
  return await startRig({
    sandbox: 'guard',
    phase: 'done',
    lines: { CHECK: 'true', PORTS: 'web', SERVICE_WEB: 'node web.mjs {port.web}', PAGES: '/' },
    repo: { files: { 'web.mjs': WEB, 'index.html': button('#008000') } },
    before: async (rig) => {
      await writeFile(join((await rig.state()).worktree?.path ?? '', 'index.html'), page);
      await commitWork(rig, 'work.txt');
    },
    ...plan,
  });
}

async function picturesOf(rig: SessionRig) {
  const { pictures, proved } = await rig.until(
    ({ status }) => status.kind === 'done' || status.kind === 'blocked',
  );
  expect(proved?.commit).toBe(pictures?.commit);
  return pictures ?? expect.fail();
}

test('a button that changes its colour is in the pictures before and after and in the difference, and another server gets no request', async () => {
  const asked: string[] = [];
  const other = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end();
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const targets = ['file:///etc/hostname', `http://127.0.0.1:${port}/x`, 'http://169.254.169.254/latest'];
  const tries = targets.map((url) => `<img src="${url}"><script>fetch('${url}', {mode: 'no-cors'})</script>`);
  await using rig = await proven(`${button('#c00000')}${tries.join('')}`);
  const pictures = await picturesOf(rig);
  other.close();
  expect(asked).toEqual([]);
  expect(pictures.said).toBeUndefined();
  expect(pictures.uiFiles).toEqual(['index.html']);
  expect(pictures.pages.map(({ page, width }) => [page, width])).toEqual([
    ['/', 1280],
    ['/', 390],
  ]);
  const [wide = expect.fail()] = pictures.pages;
  expect(wide.differing).toBeGreaterThanOrEqual(4000);
  const colours = [wide.before, wide.after].map(async (picture) => {
    const path = join(rig.paths.runDir, picture?.file ?? '');
    const { data, width } = PNG.sync.read(await readFile(path));
    return [...data.subarray((40 * width + 50) * 4, (40 * width + 50) * 4 + 3)];
  });
  expect(await Promise.all(colours)).toEqual([
    [0, 128, 0],
    [192, 0, 0],
  ]);
  expect(wide.difference).toMatchObject({ width: 1280, height: 900 });
});

test('a session without a sandbox is proven, and says why there are no pictures', async () => {
  await using rig = await proven(button('#c00000'), { sandbox: 'off' });
  expect((await picturesOf(rig)).said).toContain('the sandbox of bubblewrap');
});
