import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { ifExists } from '../../base/errors.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { succeeds } from './ask-program.ts';
import type { Service, ServiceCommand, ServiceStep, ServiceWork } from './service.ts';
import { serviceEnvironment } from './service-environment.ts';

const UNIT = 'samocode-supervisor.service';

/** A unit of the person's own systemd. */
export const systemdService: Service = {
  name: 'systemd',
  isThere: (context) => succeeds('systemctl', ['--user', 'show-environment'], context),
  async installSteps(work) {
    const { context } = work;
    const path = unitPath(context);
    const text = unitText(work);
    const same = (await ifExists(readFile(path, 'utf8'))) === text;
    const is = (state: string) => succeeds('systemctl', ['--user', state, UNIT], context);
    const isInstalled = same && (await is('is-enabled')) && (await is('is-active'));
    return isInstalled ? [] : startSteps(path, text);
  },
  uninstallSteps(context) {
    const path = unitPath(context);
    if (statsAt(path) === undefined) return [];
    return [
      // Without waiting: a stop may last longer than a command may here.
      { ...systemctl('disable', '--now', '--no-block', UNIT), mayFail: true },
      { kind: 'remove', path },
      { ...systemctl('daemon-reload'), mayFail: true },
    ];
  },
  async installedCommand(context) {
    const text = (await ifExists(readFile(unitPath(context), 'utf8'))) ?? '';
    const line = /^ExecStart=(.*)$/m.exec(text)?.[1];
    const words = [...(line ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word);
    return words.map((word) => word.replace(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'));
  },
  afterwards:
    'It runs now and whenever you are logged in; `loginctl enable-linger` lets it also run when you are not.',
};

const systemctl = (...args: string[]): ServiceCommand => ({
  kind: 'run',
  program: 'systemctl',
  args: ['--user', ...args],
});

function startSteps(path: string, text: string): ServiceStep[] {
  return [
    { kind: 'write', path, text },
    systemctl('daemon-reload'),
    systemctl('enable', UNIT),
    // One that has failed too often is not started again before that is reset.
    { ...systemctl('reset-failed', UNIT), mayFail: true },
    systemctl('restart', UNIT),
  ];
}

function unitPath({ env, home }: ActionContext): string {
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'systemd', 'user', UNIT);
}

// Workers outlive the supervisor: only its own process may be ended with it.
function unitText({ command, context }: ServiceWork): string {
  const variables = Object.entries(serviceEnvironment(context)).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`,
  );
  return [
    '[Unit]',
    'Description=Watches samocode sessions that wait',
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
