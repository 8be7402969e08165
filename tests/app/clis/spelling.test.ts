import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../support/ci.ts';
import { installCli } from '../../support/install-clis.ts';
import { pagePaths } from '../../support/pages.ts';
import { ROOT, TEXTS } from '../../words/texts.ts';

test(
  'every word of the pages, and of texts for models, is in a dictionary or in cspell.json',
  ci,
  async () => {
    const [node, { path }] = [await installCli('node22'), await installCli('cspell')];
    const files = [...(await pagePaths(ROOT)), ...TEXTS.keys()];
    const args = ['lint', '--no-progress', '--no-summary', '--no-color', '--no-must-find-files', ...files];
    const { stdout } = await runCommand(node.path, [path, ...args], { cwd: ROOT });
    expect(stdout.trim()).toBe('');
  },
);
