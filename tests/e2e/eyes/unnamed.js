// Controls that a screen reader has no name for.
() => [...document.querySelectorAll("button, input, select, a")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !(one.ariaLabel || one.textContent.trim() || (one.labels || []).length))
  .map((one) => one.outerHTML)
