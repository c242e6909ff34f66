/** The process managers: one line per backend. */
import { Registry } from '../../../core/registry.ts'
import { type BackendClass, isBackendClass } from './backend.ts'
import { NativeBackend } from './native.ts'
import { ScreenBackend } from './screen.ts'
import { SlurmBackend } from './slurm.ts'
import { SystemdBackend } from './systemd.ts'
import { TmuxBackend } from './tmux.ts'

/** The backend of a task that names none. */
export const DEFAULT_BACKEND = 'native'

export const backendClasses = new Registry<BackendClass>(
  'Backend',
  { NativeBackend, ScreenBackend, SlurmBackend, SystemdBackend, TmuxBackend },
  isBackendClass,
)
