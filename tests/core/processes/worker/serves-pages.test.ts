import { expect, test } from 'vitest';
import { servesPages } from '../../../../src/core/worker/prompt/prompt-state.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test.each([
  ['a page', { 'index.HTML': '<!doctype html>\n<HTML lang="en">\n' }, true],
  ['a layout of components', { 'app/layout.tsx': 'return <html lang="en">{children}</html>;\n' }, true],
  ['a program that answers with pages', { 'server.js': "type('text/html; charset=utf-8');\n" }, true],
  ['a library', { 'src/sum.js': 'export const sum = (a, b) => a + b;\n' }, false],
  ['a picture with such bytes', { 'a.png': '\0\0<html' }, false],
])('a branch with %s serves pages: %s', async (_what, files, wanted) => {
  await using repo = await makeRepo({ files });
  // What is not committed does not count.
  await repo.write({ 'draft.html': '<html>' });
  expect(await servesPages('main', { cwd: repo.path, baseEnv: repo.env })).toBe(wanted);
});

test('a branch that is gone serves nothing', async () => {
  await using repo = await makeRepo({ files: { 'index.html': '<html>' } });
  expect(await servesPages('other', { cwd: repo.path, baseEnv: repo.env })).toBe(false);
});
