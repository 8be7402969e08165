import { join } from 'node:path';
import * as z from 'zod';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson, plainText } from '../../kernel/files/plain-file.ts';
import { samocodeLine } from '../settings/samocode-file.ts';

/** SETUP and CHECK as suggested by a repository's own files; none of it runs before a person agrees. */
export interface ProposedCommands {
  setup?: string;
  check: string;
  /** The file that suggests it. */
  from: string;
}

/** Reads files at the top of a repository; the text of a missing file is empty. */
interface Files {
  has(name: string): boolean;
  text(name: string): Promise<string>;
  /** The value of `scripts` in a JSON file: strings, or lists of strings. */
  scripts(name: string): Promise<Readonly<Record<string, unknown>>>;
}

interface Row {
  /** The first of these that exists is `from`; a row without an existing file is skipped. */
  file: readonly string[];
  propose(files: Files, from: string): Promise<Omit<ProposedCommands, 'from'> | undefined>;
}

/** A list of them that is not empty. */
const PACKAGES = /"(?:dependencies|devDependencies|optionalDependencies|workspaces)"\s*:\s*[{[]\s*"/;
const NPM_PLACEHOLDER = /no test specified/;
/** Makes test runners run once instead of watching files. */
const ONCE = 'CI=1';
const VENV = 'python3 -m venv .venv && .venv/bin/pip install -q';

/** What brings packages, by the file that names them. */
const SETUPS = {
  'uv.lock': 'uv sync --frozen',
  'poetry.lock': 'poetry install --no-interaction',
  'composer.json': 'composer install --no-interaction',
  'mix.exs': 'mix deps.get',
  // The folders of the system and of a version manager are read-only in the guard.
  Gemfile: 'bundle config set --local path vendor/bundle && bundle install',
} as const;

const always = (check: string, setup?: string) => async () => ({ check, setup });

/** The first row with a proposal wins. */
const ROWS: readonly Row[] = [
  {
    file: ['package.json'],
    async propose(files, from) {
      const { test } = await files.scripts(from);
      if (test === undefined || NPM_PLACEHOLDER.test(String(test))) return undefined;
      const { setup, run } = await nodeTools(files);
      return { setup, check: `${ONCE} ${run} test` };
    },
  },
  {
    file: ['justfile', 'Justfile', '.justfile'],
    async propose(files, from) {
      if (!/^@?test(?: [^:\n]*)?:/m.test(await files.text(from))) return undefined;
      return { setup: await packagesOf(files), check: 'just test' };
    },
  },
  {
    file: ['GNUmakefile', 'makefile', 'Makefile'],
    async propose(files, from) {
      const text = await files.text(from);
      const target = ['check', 'test'].find((name) => new RegExp(`^${name}\\s*:(?!=)`, 'm').test(text));
      return target === undefined ? undefined : { setup: await packagesOf(files), check: `make ${target}` };
    },
  },
  { file: ['tox.ini'], propose: always('tox') },
  {
    file: ['uv.lock'],
    propose: async (files) =>
      (await usesPytest(files)) ? { setup: SETUPS['uv.lock'], check: 'uv run pytest' } : undefined,
  },
  {
    file: ['poetry.lock'],
    propose: async (files) =>
      (await usesPytest(files)) ? { setup: SETUPS['poetry.lock'], check: 'poetry run pytest' } : undefined,
  },
  {
    file: ['pyproject.toml', 'setup.py', 'requirements.txt', 'pytest.ini'],
    async propose(files) {
      if (!(await usesPytest(files))) return undefined;
      const what = files.has('requirements.txt') ? '-r requirements.txt' : '-e .';
      return { setup: `${VENV} ${what} pytest`, check: '.venv/bin/python -m pytest' };
    },
  },
  { file: ['Cargo.toml'], propose: always('cargo test') },
  { file: ['go.mod'], propose: always('go test ./...') },
  {
    file: ['build.gradle', 'build.gradle.kts'],
    propose: async (files) => ({ check: files.has('gradlew') ? './gradlew check' : 'gradle check' }),
  },
  {
    file: ['pom.xml'],
    propose: async (files) => ({ check: `${files.has('mvnw') ? './mvnw' : 'mvn'} -B -q verify` }),
  },
  {
    file: ['composer.json'],
    async propose(files, from) {
      const { test } = await files.scripts(from);
      return test === undefined ? undefined : { setup: SETUPS['composer.json'], check: 'composer test' };
    },
  },
  { file: ['mix.exs'], propose: always('mix test', SETUPS['mix.exs']) },
  {
    file: ['Gemfile'],
    async propose(files) {
      const setup = await packagesOf(files);
      if (files.has('bin/rails') && files.has('test')) return { setup, check: 'bin/rails test' };
      if (files.has('spec')) return { setup, check: 'bundle exec rspec' };
      return files.has('Rakefile') ? { setup, check: 'bundle exec rake' } : undefined;
    },
  },
];

/** The package manager of the lock file; without one, no versions are pinned, and none is written. */
async function nodeTools({ has, text }: Files): Promise<{ setup?: string | undefined; run: string }> {
  if (has('pnpm-lock.yaml')) return { setup: 'pnpm install --frozen-lockfile', run: 'pnpm' };
  if (has('yarn.lock'))
    return { setup: `yarn install ${has('.yarnrc.yml') ? '--immutable' : '--frozen-lockfile'}`, run: 'yarn' };
  if (has('bun.lock') || has('bun.lockb')) return { setup: 'bun install --frozen-lockfile', run: 'bun run' };
  if (has('package-lock.json') || has('npm-shrinkwrap.json')) return { setup: 'npm ci', run: 'npm' };
  const setup = PACKAGES.test(await text('package.json')) ? 'npm install --no-package-lock' : undefined;
  return { setup, run: 'npm' };
}

/** SETUP for a check that says nothing about packages, such as a target of a Makefile. */
async function packagesOf(files: Files): Promise<string | undefined> {
  const { setup } = await nodeTools(files);
  const others = Object.entries(SETUPS).flatMap(([name, line]) => (files.has(name) ? [line] : []));
  return [setup ?? [], others].flat().join(' && ') || undefined;
}

async function usesPytest(files: Files): Promise<boolean> {
  if (files.has('pytest.ini') || files.has('conftest.py')) return true;
  const texts = await Promise.all(
    ['pyproject.toml', 'setup.cfg', 'requirements.txt', 'requirements-dev.txt'].map((name) =>
      files.text(name),
    ),
  );
  return texts.some((text) => /\bpytest\b/.test(text));
}

const MAX_BYTES = 1024 * 1024;
const Scripts = z.looseObject({ scripts: z.record(z.string(), z.unknown()).optional() });

function filesAt(top: string): Files {
  return {
    has: (name) => statsAt(join(top, name)) !== undefined,
    text: async (name) => (await plainText(join(top, name), MAX_BYTES)) ?? '',
    scripts: async (name) => (await plainJson(join(top, name), Scripts))?.scripts ?? {},
  };
}

/** A line with SETUP for a project that has a check of its own. */
export async function proposedSetup(top: string): Promise<string | undefined> {
  const setup = (await proposedCommands(top))?.setup ?? (await packagesOf(filesAt(top)));
  return setup && samocodeLine('SETUP', setup);
}

/** What to do for a check that passes only beside the main checkout and its ignored folders. */
export async function lackingSetup(top: string, setup: string | undefined): Promise<string> {
  if (setup !== undefined)
    return 'Beside your checkout it passes there, so it needs files of it, or variables that lead into it, which a session does not have: let SETUP make them, or name ignored files in CHECK_COPY.';
  const line = (await proposedSetup(top)) ?? 'a SETUP that makes it';
  return `With the ignored folders of your checkout it passes there, so it needs what no SETUP brings: add ${line} to .samocode.`;
}

/** Reads files at the top of a repository; runs nothing. */
export async function proposedCommands(top: string): Promise<ProposedCommands | undefined> {
  const files = filesAt(top);
  for (const { file, propose } of ROWS) {
    const from = file.find((name) => files.has(name));
    const proposed = from === undefined ? undefined : await propose(files, from);
    if (from !== undefined && proposed !== undefined) return { ...proposed, from };
  }
  return undefined;
}
