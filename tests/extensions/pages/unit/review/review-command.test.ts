import { expect, test } from 'vitest';
import { typed } from '../../../../app/unit/cli/typed.ts';

test('review needs a terminal, and otherwise names the command that sends a comment', async () => {
  const { exitCode, stderr } = await typed(['review', 'boats'], { cwd: '/', home: '/nowhere' });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('review opens an editor, but this is not a terminal.');
  expect(stderr).toContain('samocode message boats');
});
