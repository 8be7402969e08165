import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sandboxFolders } from '../../../src/core/project/worktrees/sandbox-folders.ts';
import { ci } from '../../support/ci.ts';
import { type GuardScene, makeScene } from './guard-scene.ts';
import { inProof } from './in-proof.ts';
import type { Place } from './places.ts';
import { USERS } from './users.ts';

// Files that an agent leaves outside its commits affect no check of a clean clone.

/** A package and a crate, neither of which may pass. */
const COMMITTED = `
echo '{ "name": "boat", "version": "1.0.0", "scripts": { "test": "exit 3" } }' >package.json
mkdir src; echo 'fn main() { std::process::exit(3) }' >src/main.rs
printf '[package]\\nname = "boat"\\nversion = "1.0.0"\\n' >Cargo.toml
git add -A; git commit -qm Boat`;

const SAYS_YES = `printf '#!/bin/sh\\nexit 0\\n' >"$f"; chmod +x "$f"`;
const PYTHON = '/usr/bin/python3';

interface Forgery {
  title: string;
  /** Run by an agent in its guard. */
  forge: string;
  /** Exits with 0 if the file is trusted. */
  check: string;
  needs?: string;
}

const FORGERIES: readonly Forgery[] = [
  {
    title: 'script-shell in ~/.npmrc',
    forge: 'echo script-shell=/bin/true >"$HOME/.npmrc"',
    check: 'npm test',
  },
  ...['npm', 'node', 'pytest'].map((name) => ({
    title: `a ${name} in ~/.local/bin, which is first on PATH`,
    forge: `f="$HOME/.local/bin/${name}"; ${SAYS_YES}`,
    check: `${name} --of-nobody`,
  })),
  {
    title: 'a tool in a PATH folder below HOME that agents may write to',
    forge: `mkdir -p "$HOME/tools"; f="$HOME/tools/boat-lint"; ${SAYS_YES}`,
    check: 'boat-lint',
  },
  {
    title: 'a package in ~/node_modules, above the clone',
    forge: 'mkdir -p "$HOME/node_modules/forged"; echo >"$HOME/node_modules/forged/index.js"',
    check: `node -e 'require("forged")'`,
  },
  {
    title: 'a package next to the repository',
    forge: 'd="$(dirname "$MAIN")/node_modules/forged"; mkdir -p "$d"; echo >"$d/index.js"',
    check: `node -e 'require("forged")'`,
  },
  {
    title: 'a runner in ~/.cargo/config.toml',
    needs: 'cargo',
    forge: `mkdir -p "$HOME/.cargo"; printf '[target."cfg(all())"]\\nrunner = "true"\\n' >"$HOME/.cargo/config.toml"`,
    check: 'cargo run --offline',
  },
  {
    title: 'usercustomize.py',
    needs: PYTHON,
    forge: `d="$(${PYTHON} -m site --user-site)"; mkdir -p "$d"; echo 'import os; os._exit(0)' >"$d/usercustomize.py"`,
    check: `${PYTHON} -c 'import sys; sys.exit(3)'`,
  },
  ...['.eslintrc', '.m2/settings.xml', '.gradle/init.d/yes.gradle', '.config/pip/pip.conf'].map((name) => ({
    title: `~/${name}`,
    forge: `mkdir -p "$(dirname "$HOME/${name}")"; echo forged >"$HOME/${name}"`,
    check: `cat "$HOME/${name}"`,
  })),
  {
    title: 'the cache of a test runner in the temporary folder',
    forge: 'mkdir -p /tmp/boat-cache; echo forged >/tmp/boat-cache/result',
    check: 'grep forged /tmp/boat-cache/result',
  },
];

const IN_HOME: Place = { title: 'a repository below HOME', inHome: true };

/** What leads to its caches, all of them empty but for the content of npm's. */
const CACHE_FOLDERS = ['.bun', '.cache', '.cargo', '.gradle', '.m2', '.npm', '.nuget', '.yarn', 'go'];

describe.each(USERS)('a proof next to an agent in the guard, $name', (user) => {
  let scene: GuardScene;
  beforeAll(async () => {
    scene = await makeScene(user, IN_HOME);
    await scene.outside(`cd "$MAIN"; ${COMMITTED}; mkdir -p "$HOME/.local/bin"`);
  });
  afterAll(async () => {
    await scene.outside('rm -rf /tmp/boat-cache');
    await scene[Symbol.asyncDispose]();
  });

  test.each(FORGERIES)('does not trust $title', ci, async ({ forge, check, needs }) => {
    const folders = ['.local/bin', 'tools'].map((name) => join(scene.env.HOME ?? '', name));
    const env = { PATH: [...folders, scene.env.PATH].join(delimiter) };
    if (needs !== undefined && (await inProof(scene, user, `command -v ${needs}`, { env })).exitCode !== 0)
      return;
    await scene.inside(`PATH="${env.PATH}"; ${forge}`);
    expect((await inProof(scene, user, check, { env })).exitCode).not.toBe(0);
  });

  test('has the commit with its history, and no file of the main checkout or of any parent folder', async () => {
    await scene.outside('mkdir -p "$MAIN/node_modules/mine"; echo >"$MAIN/node_modules/mine/index.js"');
    const check = `git fsck --strict && git log --format=%s && ! node -e 'require("mine")' && ! test -e "$MAIN/README.md" && ls "$MAIN/.." && ls -A "$HOME"`;
    const { exitCode, stdout } = await inProof(scene, user, check);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual(
      [
        ...['Boat', 'First', 'repo', '.gitconfig', '.local', '.nvm', '.volta', 'projects'],
        ...CACHE_FOLDERS,
      ].sort(),
    );
  });

  test('may write to the clone, a HOME and a temporary folder, all of which are removed', async () => {
    const check =
      'mkdir -p "$HOME/.cache/tool" && touch made "$HOME/.cache/tool/x" /tmp/boat-x && ! touch "$MAIN/x" && ! touch ../x';
    expect((await inProof(scene, user, check)).exitCode).toBe(0);
    const left = [join(scene.env.HOME ?? '', '.cache/tool'), '/tmp/boat-x'];
    expect(left.filter((path) => existsSync(path))).toEqual([]);
  });

  test("commits with the user's identity, and no other settings of theirs", async () => {
    await scene.outside('git config --global alias.ci "!true"');
    const commit = 'git commit -q --allow-empty -m x && git log -1 --format="%an %ae" && ! git ci';
    expect((await inProof(scene, user, commit)).stdout.trim()).toBe('Person person@example.invalid');
  });

  test('can read what CHECK_HOME names, and nothing else in HOME', async () => {
    await scene.outside(
      'mkdir -p "$HOME/.m2"; echo mine >"$HOME/.m2/settings.xml"; echo x >"$HOME/.m2/other"',
    );
    const check =
      '! ls "$BASE/seed" && cat "$HOME/.m2/settings.xml" && ls "$HOME/.m2" && ! sh -c \'echo x >"$HOME/.m2/settings.xml"\'';
    const ofHome = ['.m2/settings.xml', '../seed', '..', '.', '/'];
    const { stdout, exitCode } = await inProof(scene, user, check, { ofHome });
    expect({ stdout, exitCode }).toEqual({ stdout: 'mine\nrepository\nsettings.xml\n', exitCode: 0 });
  });

  test('installs from the npm cache without a network, unless its files were replaced', async () => {
    await scene.outside(`d="$(mktemp -d)"; cd "$d"
      echo '{ "name": "boat-lib", "version": "1.0.0" }' >package.json; npm pack --silent >/dev/null
      npm cache add ./boat-lib-1.0.0.tgz 2>/dev/null
      hash="sha512-$(openssl dgst -sha512 -binary boat-lib-1.0.0.tgz | base64 -w0)"
      cd "$MAIN"; git checkout -q -b with-lib
      echo '{ "name": "boat", "version": "1.0.0", "dependencies": { "boat-lib": "1.0.0" } }' >package.json
      printf '{ "name": "boat", "version": "1.0.0", "lockfileVersion": 3, "packages": {
        "": { "name": "boat", "version": "1.0.0", "dependencies": { "boat-lib": "1.0.0" } },
        "node_modules/boat-lib": { "version": "1.0.0", "integrity": "%s",
          "resolved": "https://registry.npmjs.org/boat-lib/-/boat-lib-1.0.0.tgz" } } }' "$hash" >package-lock.json
      git add -A; git commit -qm Lib; git checkout -q -`);
    const install =
      'npm ci --offline --no-audit --no-update-notifier && test -e node_modules/boat-lib/package.json';
    const { exitCode, stderr } = await inProof(scene, user, install, { tip: 'with-lib' });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    // What its sessions have installed is in the project's own cache.
    const caches = sandboxFolders(scene.places.worktreesDir, '').caches;
    await scene.outside(
      `mkdir -p "${caches}/.npm"; cp -r "$HOME/.npm/_cacache" "${caches}/.npm"; rm -r "$HOME/.npm"`,
    );
    expect((await inProof(scene, user, install, { tip: 'with-lib' })).exitCode).toBe(0);
    await scene.inside(
      'find "$HOME/.npm/_cacache/content-v2" -type f -exec sh -c \'echo forged >"$1"\' sh {} \\;',
    );
    expect((await inProof(scene, user, install, { tip: 'with-lib' })).exitCode).not.toBe(0);
  });
});

const WAYS: readonly Place[] = [
  { title: 'a HOME that is MAIN_REPO', repository: 'home', sessions: 'outside', worktrees: 'outside' },
  { title: 'WORKTREES outside MAIN_REPO', inHome: true, worktrees: 'outside' },
  { title: 'a MAIN_REPO that is a linked worktree', inHome: true, repository: 'linked' },
  { title: 'unusual letters in its path', inHome: true, folder: `o'clock "Bögen" a` },
  { title: 'a repository outside HOME' },
];

test.each(WAYS)('a proof runs with $title, in a HOME without files of the user', async (place) => {
  const [user] = USERS;
  if (user === undefined) return;
  await using scene = await makeScene(user, place);
  await scene.outside('echo forged >"$HOME/.npmrc"; mkdir -p "$BASE/node_modules"');
  const check =
    'git fsck && git log --format=%s && test -e README.md && touch "$HOME/x" && ! cat "$HOME/.npmrc" && ! ls "$BASE/node_modules"';
  expect(await inProof(scene, user, check)).toMatchObject({ exitCode: 0, stdout: 'First\n' });
});

test('a proof reads a repository that borrows objects from another', async () => {
  const [user] = USERS;
  if (user === undefined) return;
  await using scene = await makeScene(user, IN_HOME);
  await scene.outside(`mkdir "$HOME/store"; mv "$COMMON/objects" "$HOME/store/objects"
    mkdir -p "$COMMON/objects/info"; echo "$HOME/store/objects" >"$COMMON/objects/info/alternates"`);
  expect((await inProof(scene, user, 'git fsck && git log')).exitCode).toBe(0);
});
