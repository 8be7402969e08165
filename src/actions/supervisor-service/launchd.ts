import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import type { ActionContext } from '../context.ts';
import { succeeds } from './ask-program.ts';
import { programEnvironment } from './program-environment.ts';
import type { Service, ServiceWork } from './service.ts';

const LABEL = 'dev.samocode.monitor';

/** An agent of macOS's launchd. */
export const launchdService: Service = {
  name: 'launchd',
  isThere: (context) => succeeds('launchctl', ['version'], context),
  async installSteps(work) {
    const path = plistPath(work.context);
    const text = plistText(work);
    const same = (await ifExists(readFile(path, 'utf8'))) === text;
    if (same && (await succeeds('launchctl', ['print', `${domain()}/${LABEL}`], work.context))) return [];
    return [
      { kind: 'run', program: 'launchctl', args: ['bootout', `${domain()}/${LABEL}`], mayFail: true },
      { kind: 'write', path, text },
      { kind: 'run', program: 'launchctl', args: ['bootstrap', domain(), path] },
    ];
  },
  async uninstallSteps(context) {
    const path = plistPath(context);
    if ((await ifExists(readFile(path))) === undefined) return [];
    return [
      { kind: 'run', program: 'launchctl', args: ['bootout', `${domain()}/${LABEL}`], mayFail: true },
      { kind: 'remove', path },
    ];
  },
  async installedCommand(context) {
    const text = (await ifExists(readFile(plistPath(context), 'utf8'))) ?? '';
    const list = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(text)?.[1] ?? '';
    return [...list.matchAll(/<string>([^<]*)<\/string>/g)].map(([, word = '']) => unescaped(word));
  },
  afterwards: 'It runs now and whenever you are logged in.',
};

function domain(): string {
  return `gui/${process.getuid?.() ?? 501}`;
}

function plistPath({ home }: ActionContext): string {
  return join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`);
}

// Workers outlive the monitor: the process group is left alone when it ends.
function plistText({ command, context }: ServiceWork): string {
  const words = command.map((word) => `    <string>${escaped(word)}</string>`);
  const variables = Object.entries(programEnvironment(context)).map(
    ([name, value]) => `    <key>${name}</key><string>${escaped(value)}</string>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0"><dict>',
    `  <key>Label</key><string>${LABEL}</string>`,
    '  <key>ProgramArguments</key><array>',
    ...words,
    '  </array>',
    '  <key>EnvironmentVariables</key><dict>',
    ...variables,
    '  </dict>',
    '  <key>RunAtLoad</key><true/>',
    '  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>',
    '  <key>AbandonProcessGroup</key><true/>',
    '</dict></plist>',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
