desk-name = Desk
desk-start = Search
