// @module-tag ci
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  isParsable,
  missingProgram,
  type ProjectCommandOptions,
  runProjectShell,
} from '../../../../src/core/project/proving/project-command.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const where = { cwd: '/', env: { PATH: '/usr/bin:/bin' } };
const failureOf = async (command: string, options: ProjectCommandOptions) =>
  (await runProjectShell(command, options)).failure;

test('a command that exits with 0 has passed, and any other reports how it ended', async () => {
  expect(await failureOf('true', where)).toBeUndefined();
  expect(await failureOf('exit 3', where)).toEqual({ how: 'exit status 3', lastLines: '' });
  expect(await failureOf('kill -9 $$', where)).toEqual({ how: 'ended by a signal', lastLines: '' });
});

test('a failure has the last lines that the command printed on either stream, readable', async () => {
  const command = String.raw`i=0; while [ $i -lt 60 ]; do echo $i; i=$((i+1)); done; printf '\033[31mred\033[0m\001' >&2; exit 2`;
  const { lastLines = '' } = (await failureOf(command, where)) ?? {};
  expect(lastLines.split('\n')).toHaveLength(40);
  expect(lastLines).toMatch(/\n59\nred\\u0001$/);
});

test('a command that leaves a server behind, with its output open, is not waited for', async () => {
  expect(await failureOf('sleep 300 & true', where)).toBeUndefined();
  expect(await failureOf('sleep 300 & exit 1', where)).toEqual({ how: 'exit status 1', lastLines: '' });
});

test.each([
  ['mytool', 'mytool'],
  ['cd /tmp && true && mytool --all', 'mytool'],
  ['(mytool) | exit 127; mytool2', 'mytool2'],
  ['/no/such/tool x', '/no/such/tool'],
  ['/etc/passwd', '/etc/passwd'],
])('the shell itself cannot find a program in: %s', async (command, missing) => {
  expect(await failureOf(command, where)).toMatchObject({ missing });
});

test.each([
  'exit 127',
  'sh -c mytool',
  './gone.sh',
  'scripts/gone.sh --all',
  'mytool || exit 1',
  'echo "samocode: 1: x: not found" >&2; exit 1',
])('not a missing program, however it ends: %s', async (command) => {
  const failure = await failureOf(command, where);
  expect(failure?.how).toMatch(/^exit status/);
  expect(failure?.missing).toBeUndefined();
});

test.each([
  ['mytool --fast', 'mytool'],
  ['CI=1 NODE_ENV=test mytool', 'mytool'],
  ['mytool&&true', 'mytool'],
  ['/no/such/tool', '/no/such/tool'],
  ['/etc/passwd', '/etc/passwd'],
  ['scripts/gone.sh', 'scripts/gone.sh'],
])('the first program is searched before it is run: %s', async (command, missing) => {
  expect(await missingProgram(command, where)).toBe(missing);
});

test.each([
  'true && mytool',
  'mytool || true',
  'mytool; true',
  'mytool | tee log',
  'mytool & wait',
  '[ -e x ] || mytool',
  'if true; then mytool; fi',
  '! mytool',
  '(mytool)',
  '{ mytool; }',
  '$TOOL --all',
  '"my tool" x',
  '~/bin/mytool',
  'PATH=/opt/mine/bin mytool',
  'A=$(pwd) mytool',
  'check() { mytool; }; check',
  'cd web && mytool',
  'cd web',
  '/bin/sh script',
  '# mytool',
  '',
])('checking the first program gives no false alarm for: %s', async (command) => {
  expect(await missingProgram(command, where)).toBeUndefined();
});

test.each([
  ['npm ci && npm test', true],
  ['CI=1 npx vitest run --project=unit', true],
  ['if true; then make; fi', true],
  ['make "all', false],
  ['done', false],
  ['npm test &&', false],
])('the syntax of %s is right: %s', async (command, isRight) => {
  expect(await isParsable(command, where)).toBe(isRight);
});

test('the first program is searched in the given folder and PATH', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'bin'));
  await writeFile(join(dir.path, 'bin/mytool'), '#!/bin/sh\n');
  await chmod(join(dir.path, 'bin/mytool'), 0o755);
  const env = { PATH: `${dir.path}/bin` };
  expect(await missingProgram('mytool', { cwd: '/', env })).toBeUndefined();
  expect(await missingProgram('bin/mytool', { cwd: dir.path, env })).toBeUndefined();
});
