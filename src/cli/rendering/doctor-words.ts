import type { DoctorReport } from '../../machine/doctor/doctor.ts';
import type { Output } from '../terminal/output.ts';
import { harmless } from '../terminal/style.ts';
import { table } from './columns.ts';
import { hintForTerminal } from './next-commands.ts';

const MARKS: Readonly<Record<DoctorReport['level'], string>> = { ok: '✔', warn: '!', fail: '✘' };

/** `samocode doctor`. */
export function doctorWords(
  { checks, level }: DoctorReport,
  { style, textColumns: columns }: Output,
): string {
  const paint = { ok: style.good, warn: style.attention, fail: style.bad };
  const rows = checks.map(({ id, level: each, found, fix = '', next = [] }) => {
    const words = [found, hintForTerminal({ hint: fix, next })].filter(Boolean).join('\n');
    return [`${paint[each](MARKS[each])} ${id}`, harmless(words)] as const;
  });
  return [...table(rows, { columns }), '', ENDS[level]].join('\n');
}

const ENDS: Readonly<Record<DoctorReport['level'], string>> = {
  ok: 'Sessions can run here.',
  warn: 'Sessions can run here; check what is marked with "!".',
  fail: 'Sessions cannot run here until what is marked with "✘" is fixed.',
};
