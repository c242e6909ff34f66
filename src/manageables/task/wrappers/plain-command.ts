/**
 * Commands for which a shell would only split words and execute a program. Whatever may mean more to any sh is left to it:
 * every character with a meaning, every first word that a shell takes for its own, and names that no file can have.
 */

/** Source: POSIX.1-2017, Shell Command Language, 2.2 (quoting), 2.3 (tokens), 2.6 (expansions). */
const PLAIN = /^[A-Za-z0-9_./][A-Za-z0-9_./+-]{0,254}(?: +[A-Za-z0-9_./,:@%+=-]+)*$/

/** Reserved words and built-in commands of POSIX sh, dash, BusyBox, bash and ksh. */
const OWN_WORDS = new Set(
  `. : alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc declare dirs
  disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help history if
  in jobs kill let local logout mapfile newgrp popd print printf pushd pwd read readarray readonly return select set shift
  shopt source suspend test then time times trap true type typeset ulimit umask unalias unset until wait whence
  while`.split(/\s+/),
)

/** The words of a plain command; undefined for one that needs a shell. */
export function splitPlain(command: string): readonly string[] | undefined {
  if (!PLAIN.test(command)) return undefined
  const words = command.split(/ +/)
  return OWN_WORDS.has(words[0] ?? '') ? undefined : words
}
