import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import type { ActionContext } from '../context.ts';
import { succeeds } from './ask-program.ts';
import { programEnvironment } from './program-environment.ts';
import type { Service, ServiceStep, ServiceWork } from './service.ts';

const UNIT = 'samocode-monitor.service';
const systemctl = (...args: string[]): ServiceStep => ({
  kind: 'run',
  program: 'systemctl',
  args: ['--user', ...args],
});

/** A unit of the person's own systemd. */
export const systemdService: Service = {
  name: 'systemd',
  isThere: (context) => succeeds('systemctl', ['--user', 'show-environment'], context),
  async installSteps(work) {
    const path = unitPath(work.context);
    const text = unitText(work);
    const same = (await ifExists(readFile(path, 'utf8'))) === text;
    const is = (state: string) => succeeds('systemctl', ['--user', state, UNIT], work.context);
    if (same && (await is('is-enabled')) && (await is('is-active'))) return [];
    return [
      { kind: 'write', path, text },
      systemctl('daemon-reload'),
      systemctl('enable', UNIT),
      // One that has failed too often is not started again before that is forgotten.
      { kind: 'run', program: 'systemctl', args: ['--user', 'reset-failed', UNIT], mayFail: true },
      systemctl('restart', UNIT),
    ];
  },
  async uninstallSteps(context) {
    const path = unitPath(context);
    if ((await ifExists(readFile(path))) === undefined) return [];
    return [
      { kind: 'run', program: 'systemctl', args: ['--user', 'disable', '--now', UNIT], mayFail: true },
      { kind: 'remove', path },
      { kind: 'run', program: 'systemctl', args: ['--user', 'daemon-reload'], mayFail: true },
    ];
  },
  async installedCommand(context) {
    const line = /^ExecStart=(.*)$/m.exec((await ifExists(readFile(unitPath(context), 'utf8'))) ?? '')?.[1];
    const words = [...(line ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word);
    return words.map((word) => word.replace(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'));
  },
  afterwards:
    'It runs now and whenever you are logged in; `loginctl enable-linger` lets it also run when you are not.',
};

function unitPath({ env, home }: ActionContext): string {
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'systemd', 'user', UNIT);
}

// Workers outlive the monitor: only its own process may be ended with it.
function unitText({ command, context }: ServiceWork): string {
  const variables = Object.entries(programEnvironment(context)).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`,
  );
  return [
    '[Unit]',
    'Description=Brings back samocode sessions whose worker is gone',
    '',
    '[Service]',
    `ExecStart=${command.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ')}`,
    ...variables,
    'KillMode=process',
    'Restart=on-failure',
    'RestartSec=30',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n');
}

// `%` begins a specifier everywhere, within quotes too; `$` begins a variable in ExecStart alone.
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;
}
