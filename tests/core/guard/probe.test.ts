import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printOf, probeGuard } from '../../../src/core/sandbox/probe-guard.ts';
import { ci } from '../../support/ci.ts';
import { EffectCounter } from '../../support/counted.ts';
import { type GuardScene, makeScene } from './guard-scene.ts';
import { USUAL } from './places.ts';
import { USERS } from './users.ts';

describe.each(USERS)('probed by $name', (user) => {
  let scene: GuardScene;
  beforeAll(async () => {
    scene = await makeScene(user, USUAL);
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  /** A replacement for the system's tool. */
  async function probeWith(script: string, limitMs?: number) {
    const path = join(scene.root, 'another-tool');
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    const { env } = scene;
    return await probeGuard(scene.places, {
      ...{ env, tool: { kind: 'bwrap', path, isRoot: user.isRoot } },
      ...(limitMs !== undefined && { limitMs }),
    });
  }

  test('the guard of this machine works, and probing it leaves nothing behind', ci, async () => {
    const before = scene.others();
    const { env, tool, places } = scene;
    const now = await probeGuard(places, { env, tool });
    expect(now.level).toBe(user.isRoot ? 'best effort' : 'guard');
    expect(scene.others()).toEqual(before);
  });

  test("a tool that allows everything does not count as a guard, and the probe's files are removed", async () => {
    const before = scene.others();
    const now = await probeWith('while [ "$1" != -- ]; do shift; done; shift; exec "$@"');
    expect(now).toMatchObject({
      level: 'none',
      why: `bwrap does not keep ${scene.places.mainRepo} from being written`,
    });
    expect(withoutTool(scene.others())).toEqual(withoutTool(before));
  });

  test('a tool is not started again if it has just been tested, and another one in its place is', async () => {
    using counter = new EffectCounter('probe');
    const { env, places, root } = scene;
    const tool = { ...scene.tool, path: join(root, 'another-tool') };
    const install = async () => {
      await writeFile(`${tool.path}.new`, `#!/bin/sh\nexec ${scene.tool.path} "$@"\n`, { mode: 0o755 });
      await rename(`${tool.path}.new`, tool.path);
    };
    const probe = (tested: string) => probeGuard(places, { env, tool, tested });
    await install();
    const tested = printOf(tool);
    expect((await probe(tested)).level).not.toBe('none');
    expect(counter.of('probe').programs).toBe(0);
    await install();
    expect((await probe(tested)).level).not.toBe('none');
    expect(counter.of('probe').programs).toBe(1);
  });

  test('a guard with one gap does not count, and the gap is named', async () => {
    const { stateRoot } = scene.places;
    // The last bind takes precedence.
    const now = await probeWith(`for arg do
      shift
      [ "$arg" != -- ] || set -- "$@" --bind '${stateRoot}' '${stateRoot}'
      set -- "$@" "$arg"
    done
    exec ${scene.tool.path} "$@"`);
    expect(now).toMatchObject({ level: 'none', why: `bwrap does not keep ${stateRoot} from being written` });
  });

  test.each([
    [
      'fails',
      'echo "bwrap: No permissions to create new namespace" >&2; exit 1',
      'bwrap does not work here: No permissions to create new namespace',
    ],
    ['fails without output', 'exit 1', 'bwrap does not work here'],
    ['runs nothing and reports success', 'exit 0', 'bwrap does not work here'],
    ['does not exist', 'exec /nowhere/bwrap "$@"', 'bwrap does not work here'],
  ])('a tool that %s does not count as a guard', async (_, script, why) => {
    const now = await probeWith(script);
    expect(now).toMatchObject({
      level: 'none',
      why: expect.stringContaining(why),
      hint: expect.stringContaining('docs/security.md'),
    });
  });

  test('a tool that hangs does not count as a guard, and is ended', async () => {
    const now = await probeWith('sleep 600', 200);
    expect(now).toMatchObject({ level: 'none', why: 'bwrap did not answer within 0.2 s' });
  });

  test('for a repository whose refs are not files the error says how to change that', async () => {
    const commonDir = join(scene.root, 'with-reftable');
    await mkdir(join(commonDir, 'reftable'), { recursive: true });
    const now = await probeGuard({ ...scene.places, commonDir }, { env: scene.env, tool: scene.tool });
    expect(now).toMatchObject({ level: 'none', hint: expect.stringContaining('git refs migrate') });
  });

  test('without the tool the error names the package to install', async () => {
    const now = await probeGuard(scene.places, { env: {}, platform: 'darwin' });
    expect(now).toMatchObject({ level: 'none', why: 'sandbox-exec was not found' });
  });
});

function withoutTool(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).filter(([path]) => !path.endsWith('/another-tool')));
}
