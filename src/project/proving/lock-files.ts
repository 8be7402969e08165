import { dirname, join } from 'node:path';
import { statsAt } from '../../base/files/look-at.ts';

/** Folders that package managers make, by the lock files beside them, with the command that makes them again. */
export const MADE_BY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  node_modules: {
    'package-lock.json': 'npm ci',
    'npm-shrinkwrap.json': 'npm ci',
    'pnpm-lock.yaml': 'pnpm install --frozen-lockfile',
    'yarn.lock': 'yarn install --frozen-lockfile',
    'bun.lock': 'bun install --frozen-lockfile',
    'bun.lockb': 'bun install --frozen-lockfile',
  },
  '.venv': { 'uv.lock': 'uv sync --frozen', 'poetry.lock': 'poetry install', 'Pipfile.lock': 'pipenv sync' },
  vendor: { 'composer.lock': 'composer install', 'Gemfile.lock': 'bundle install' },
};

const LOCK_FILES = [
  ...Object.values(MADE_BY).flatMap((locks) => Object.keys(locks)),
  ...['Cargo.lock', 'go.sum', 'mix.lock', 'pubspec.lock', 'deno.lock', 'requirements.txt', 'gradle.lockfile'],
];

export function lockFilesBeside(top: string, folder: string): string[] {
  const above = join(top, dirname(folder));
  return LOCK_FILES.map((name) => join(above, name)).filter((path) => statsAt(path)?.isFile());
}
