// Whether somebody changed something, and has not sent it.

// One of which none was chosen shows its first.
export function isOther(select) {
  const first = [...select.options].find((option) => option.defaultSelected) ?? select.options[0]
  return select.selectedOptions[0] !== first
}

export function isChanged(form) {
  return [...form.elements].some((input) => {
    if (input.localName === 'select') return isOther(input)
    if (['checkbox', 'radio'].includes(input.type)) return input.checked !== input.defaultChecked
    return input.defaultValue !== undefined && input.value !== input.defaultValue
  })
}
