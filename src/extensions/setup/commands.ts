import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addDoctor } from './doctor/doctor.command.ts';
import { addInstall, addUninstall } from './install/install.command.ts';
import { addSupervisor } from './service/supervisor.command.ts';

export const SETUP_COMMANDS: Readonly<Record<string, AddCommand>> = {
  install: addInstall,
  uninstall: addUninstall,
  doctor: addDoctor,
  supervisor: addSupervisor,
};
