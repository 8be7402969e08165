import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { type GuardScene, makeScene } from './guard-scene.ts';
import { inProof } from './in-proof.ts';
import { USERS } from './users.ts';

// Folders of version managers as they are once a person has used them, and what an installation writes there.

interface Row {
  tool: string;
  /** Files below home. */
  left: readonly string[];
  /** What an installation of another version does. */
  install: string;
}

const ROWS: readonly Row[] = [
  {
    tool: 'nvm',
    left: ['.nvm/nvm.sh', '.nvm/.cache/bin/node-v20.0.0-linux-x64/node-v20.0.0-linux-x64.tar.xz'],
    install:
      'cd .nvm; mkdir -p .cache/bin/node-v22.0.0-linux-x64 versions/node/v22.0.0; echo x >alias/default',
  },
  {
    tool: 'rustup',
    left: ['.rustup/settings.toml', '.rustup/downloads/0a1b.partial', '.rustup/toolchains/stable/bin/rustc'],
    install:
      'cd .rustup; mkdir -p tmp; echo x >downloads/0c1d; echo x >tmp/x; rm downloads/0a1b.partial; mkdir toolchains/nightly',
  },
  {
    tool: 'pyenv',
    left: ['.pyenv/shims/python3', '.pyenv/versions/3.11.9/bin/python3', '.pyenv/libexec/pyenv'],
    install:
      'cd .pyenv; set -C; echo x >shims/.pyenv-shim; rm shims/python3; mv shims/.pyenv-shim shims/python3; mkdir versions/3.12.1',
  },
  {
    tool: 'asdf',
    left: [
      '.asdf/shims/node',
      '.asdf/downloads/nodejs/20.0.0/node.tar.gz',
      '.asdf/plugins/nodejs/bin/install',
    ],
    install:
      'cd .asdf; echo 22 >>shims/node; mkdir -p downloads/nodejs/22.0.0 installs/nodejs/22.0.0; test -e plugins/nodejs/bin/install',
  },
  {
    tool: 'volta',
    left: ['.volta/tmp/.keep', '.volta/cache/node/index.json', '.volta/bin/volta-shim'],
    install: 'cd .volta; echo x >tmp/x; echo x >cache/node/index.json; mkdir -p tools/image/node/22.0.0',
  },
  {
    tool: 'mise',
    left: ['.local/share/mise/shims/node', '.local/share/mise/downloads/node/20.0.0/node.tar.gz'],
    install: 'cd .local/share/mise; echo x >shims/npm; mkdir -p downloads/node/22.0.0 installs/node/22.0.0',
  },
  {
    tool: 'sdkman',
    left: ['.sdkman/tmp/java-17.bin', '.sdkman/var/candidates', '.sdkman/candidates/java/17/bin/java'],
    install: 'cd .sdkman; echo x >tmp/java-21.zip; echo x >var/candidates; mkdir candidates/java/21',
  },
  {
    tool: 'pnpm',
    left: ['.local/share/pnpm/store/v10/files/00/x', '.local/share/pnpm/.tools/pnpm/10.0.0/bin/pnpm'],
    install:
      'cd .local/share/pnpm; mkdir -p store/v10/projects .tools/pnpm/10.1.0; test ! -e store/v10/files/00/x',
  },
];

const PUT = ROWS.flatMap(({ left }) => left).map(
  (name) => `mkdir -p "$HOME/${dirname(name)}"; echo "of the person" >"$HOME/${name}"`,
);
/** More than is copied for each session. */
const MANY = `mkdir -p "$HOME/.nvm/alias" "$HOME/.nvm/.cache/bin/node-v18.0.0-linux-x64/files"
  cd "$HOME/.nvm/.cache/bin/node-v18.0.0-linux-x64/files"; for i in $(seq 600); do : >"$i"; done`;

describe.each(USERS)('a toolchain that was used, $name', (user) => {
  let scene: GuardScene;
  const home = () => scene.env.HOME ?? '';
  beforeAll(async () => {
    scene = await makeScene(user, { title: 'used toolchains', services: [...PUT, MANY].join('\n') });
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test.each(ROWS)(
    '$tool installs another version in a session and in a proof',
    ci,
    async ({ left, install }) => {
      const script = `set -e; cd "$HOME"; ${install}`;
      expect(await scene.inside(script)).toMatchObject({ stderr: '', exitCode: 0 });
      expect(
        await inProof(scene, user, script, { env: { RUSTUP_HOME: join(home(), '.rustup') } }),
      ).toMatchObject({ stderr: '', exitCode: 0 });
      const paths = left.map((name) => join(home(), name)).filter((path) => existsSync(path));
      const texts = await scene.outside(`cat ${paths.map((path) => `"${path}"`).join(' ')} | sort -u`);
      expect({ count: paths.length, texts }).toEqual({ count: left.length, texts: 'of the person' });
    },
  );
});
