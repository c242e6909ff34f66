/**
 * A systemd user manager of a test's own, in a mount namespace of its own, where nothing tells it that systemd is not the
 * first process. Needs root.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram, until } from './spmi.ts'

const SCRIPT = `mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/system &&
exec /lib/systemd/systemd --user`

/** A user manager. Clients find it by XDG_RUNTIME_DIR alone. */
export class UserManager {
  readonly folder = mkdtempSync(join(tmpdir(), 'spmi-systemd-'))
  readonly environment = { XDG_RUNTIME_DIR: this.folder, DBUS_SESSION_BUS_ADDRESS: '' }
  #process: ChildProcess | undefined

  /** Why there cannot be one here; undefined when there can. */
  static refuse(): string | undefined {
    const isAllowed = Bun.spawnSync(['unshare', '-m', 'true']).exitCode === 0
    return isAllowed ? undefined : 'a mount namespace of its own needs root, and a container that allows it'
  }

  async start(): Promise<void> {
    this.#process = spawn('unshare', ['-m', 'sh', '-c', SCRIPT], {
      env: { ...process.env, XDG_RUNTIME_DIR: this.folder },
      stdio: 'ignore',
    })
    await until(() => existsSync(join(this.folder, 'systemd/private')))
  }

  /** Asks it to end, as the manager of the system does after the last logout: it stops its services first. */
  async end(): Promise<void> {
    await this.#awaitExit(() => this.control('exit'))
  }

  /** It vanishes, and its services have nobody. */
  async crash(): Promise<void> {
    await this.#awaitExit(() => this.#process?.kill('SIGKILL'))
  }

  async stop(): Promise<void> {
    await this.crash()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Runs `systemctl --user`. @throws when it fails */
  async control(...words: readonly string[]): Promise<string> {
    const environment = { ...process.env, ...this.environment }
    const { status, stdout, stderr } = await runProgram(['systemctl', '--user', ...words], { environment })
    if (status !== 0) throw new Error(stderr)
    return stdout
  }

  async #awaitExit(act: () => unknown): Promise<void> {
    const child = this.#process
    const ended = new Promise(resolve => child?.once('exit', resolve))
    await act()
    await ended
    rmSync(join(this.folder, 'systemd'), { recursive: true, force: true }) // its sockets outlive it
  }
}

const LOGIND = `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/systemd/logind.conf.d /var/lib/systemd/linger &&
mount -t tmpfs tmpfs /var/lib/systemd/linger &&
printf '[Login]\\n%s\\n' "$2" >/run/systemd/logind.conf.d/test.conf && if [ "$3" ]; then >"/var/lib/systemd/linger/$3"; fi &&
dbus-daemon --system --nofork --nopidfile --nosyslog "--address=$1" & DBUS_SYSTEM_BUS_ADDRESS=$1
export DBUS_SYSTEM_BUS_ADDRESS
until [ -S "\${1#*=}" ] && [ -e /run/systemd/logind.conf.d/test.conf ]; do sleep 0.02; done
exec /lib/systemd/systemd-logind`

/**
 * A logind of a test's own, on a system bus of its own, in a mount namespace of its own. Needs root. Clients reach it by a
 * `loginctl` that is first in the PATH and enters that namespace.
 */
export class LoginManager {
  readonly folder = mkdtempSync(join(tmpdir(), 'spmi-logind-'))
  readonly environment = { PATH: `${this.folder}:${process.env.PATH}` }
  #process: ChildProcess | undefined

  /** @param settings lines of logind.conf @param lingering the name of a user who lingers */
  async start(settings: string, lingering = ''): Promise<void> {
    const address = `unix:path=${this.folder}/bus`
    const child = spawn('unshare', ['-m', 'sh', '-c', LOGIND, 'sh', address, settings, lingering], {
      stdio: 'ignore',
      detached: true,
    })
    this.#process = child
    const enter = `nsenter "--mount=/proc/${child.pid}/ns/mnt" loginctl "$@"`
    const script = `#!/bin/sh\nPATH=\${PATH#*:} DBUS_SYSTEM_BUS_ADDRESS=${address} exec ${enter}\n`
    writeFileSync(join(this.folder, 'loginctl'), script, { mode: 0o700 })
    await until(() => Bun.spawnSync([join(this.folder, 'loginctl'), 'show-session']).exitCode === 0)
  }

  /** Ends it, and its bus. */
  async stop(): Promise<void> {
    const ended = new Promise(resolve => this.#process?.once('exit', resolve))
    if (this.#process?.pid) process.kill(-this.#process.pid, 'SIGKILL')
    await ended
    rmSync(this.folder, { recursive: true, force: true })
  }
}
