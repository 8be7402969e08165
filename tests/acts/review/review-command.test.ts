import { expect, test } from 'vitest';
import { typed } from '../../cli/typed.ts';

test('review needs a terminal, and names what sends a comment without one', async () => {
  const { exitCode, stderr } = await typed(['review', 'boats'], { cwd: '/', home: '/nowhere' });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('review opens an editor, and this is no terminal.');
  expect(stderr).toContain('samocode message boats');
});
