console-name = Console
console-start = Overview
