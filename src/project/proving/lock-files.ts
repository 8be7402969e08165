import { dirname, join } from 'node:path';
import { statsAt } from '../../base/files/look-at.ts';

const LOCK_FILES = [
  ...['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'],
  ...['uv.lock', 'poetry.lock', 'Pipfile.lock', 'requirements.txt', 'composer.lock', 'Gemfile.lock'],
  ...['Cargo.lock', 'go.sum', 'mix.lock', 'pubspec.lock', 'deno.lock', 'gradle.lockfile'],
];

export function lockFilesBeside(top: string, folder: string): string[] {
  const above = join(top, dirname(folder));
  return LOCK_FILES.map((name) => join(above, name)).filter((path) => statsAt(path)?.isFile());
}
