inzage-name = Inzage
inzage-start = My data
