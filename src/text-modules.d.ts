/** Files that the bundler puts into the program as strings. */
declare module '*.sh' {
  const text: string
  export default text
}

declare module '*.bash' {
  const text: string
  export default text
}

declare module '*.fish' {
  const text: string
  export default text
}

declare module '*.zsh' {
  const text: string
  export default text
}
